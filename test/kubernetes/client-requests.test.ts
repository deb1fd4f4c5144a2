import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, applying, Client, ConnectionError, UnreadableAnswer } from "../../src/kubernetes/client/index.ts";
import type { ApiErrorCode, ClientOptions, ClusterAccess } from "../../src/kubernetes/client/index.ts";
import { ConfigMap, Node } from "../../src/kubernetes/resources/index.ts";
import { hastyPorts, json, ModelServer, status } from "./client-model-server.ts";

async function withClient(
  use: (client: Client, server: ModelServer) => Promise<void>,
  options: ClientOptions = {},
  access: Partial<ClusterAccess> = {},
): Promise<void> {
  const server = new ModelServer();
  await server.listen();
  const client = new Client({ ...server.access, ...access }, { ports: hastyPorts, ...options });
  try {
    await use(client, server);
  } finally {
    client.close();
    await server.close();
  }
}

const map = { metadata: { namespace: "default", name: "web" } };
const answered = { ...map, metadata: { ...map.metadata, resourceVersion: "7" }, data: { key: "1" } };

test("what is only told is sent like any other, refused like any other, and its answer is not read", async () => {
  await withClient(async (client, server) => {
    server.script = (_request, response) => {
      json(response, 200, { kind: "Node" });
      return true;
    };
    const node = { metadata: { name: "node-1" } };
    await assert.rejects(client.apply(Node, node, { force: true }), UnreadableAnswer);
    await client.tell(applying(Node, node, { force: true }));
    const [read, told] = server.seen.map(({ method, url, headers, body }) => [method, url.href, headers, body]);
    assert.deepEqual(told, read);
    server.script = (_request, response) => {
      json(response, 409, { kind: "Status", reason: "Conflict", message: "another version" });
      return true;
    };
    await assert.rejects(
      client.tell(applying(Node, node, {})),
      (error) => error instanceof ApiError && error.code === "conflict",
    );
  });
});

test("each request is what Kubernetes' API says", async () => {
  await withClient(async (client, server) => {
    server.script = ({ method }, response) => {
      json(response, method === "POST" ? 201 : 200, answered);
      return true;
    };
    const at = { namespace: "default", name: "web" };
    const wanted = { ...map, data: { key: "1" } };
    assert.deepEqual((await client.get(ConfigMap, at)).data, { key: "1" });
    await client.create(ConfigMap, wanted);
    await client.update(ConfigMap, wanted);
    await client.patch(ConfigMap, at, { type: "merge", body: { data: { key: null } } });
    await client.patch(ConfigMap, at, { type: "json", body: [{ op: "remove", path: "/data/key" }] });
    await client.apply(ConfigMap, wanted, { force: true });
    await client.tell(applying(Node, { metadata: { name: "node-1" }, status: {} }, {}, "status"));
    await client.delete(ConfigMap, at, { preconditions: { uid: "u" }, gracePeriodSeconds: 0 });
    const maps = "/api/v1/namespaces/default/configmaps";
    const merge = "application/merge-patch+json";
    const apply = "application/apply-patch+yaml";
    assert.deepEqual(
      server.seen.map(({ method, url, headers }) => [method, url.pathname + url.search, headers["content-type"]]),
      [
        ["GET", `${maps}/web`, undefined],
        ["POST", `${maps}?fieldManager=fairlead`, "application/json"],
        ["PUT", `${maps}/web?fieldManager=fairlead`, "application/json"],
        ["PATCH", `${maps}/web?fieldManager=fairlead`, merge],
        ["PATCH", `${maps}/web?fieldManager=fairlead`, "application/json-patch+json"],
        ["PATCH", `${maps}/web?fieldManager=fairlead&force=true`, apply],
        ["PATCH", "/api/v1/nodes/node-1/status?fieldManager=fairlead&force=false", apply],
        ["DELETE", `${maps}/web`, "application/json"],
      ],
    );
    assert.deepEqual(JSON.parse(server.seen[5]?.body ?? ""), { ...wanted, apiVersion: "v1", kind: "ConfigMap" });
    assert.deepEqual(JSON.parse(server.seen[7]?.body ?? ""), {
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid: "u" },
      gracePeriodSeconds: 0,
    });
  });
});

test("an error says what was asked of which object, and what the server said", async () => {
  const answers: [number, string, ApiErrorCode][] = [
    [404, "NotFound", "not-found"],
    [409, "Conflict", "conflict"],
    [409, "AlreadyExists", "already-exists"],
    [410, "Expired", "expired"],
    [403, "Forbidden", "forbidden"],
    [422, "Invalid", "invalid"],
    [501, "NotImplemented", "not-implemented"],
    [418, "Teapot", "other"],
  ];
  await withClient(async (client, server) => {
    for (const [code, reason, expected] of answers) {
      server.script = (_seen, response) => {
        const details = { causes: [{ field: "data", reason: "FieldValueInvalid", message: "too long" }] };
        json(response, code, { kind: "Status", code, reason, message: "no", details });
        return true;
      };
      const error: unknown = await client.create(ConfigMap, map).catch((error) => error);
      assert.ok(error instanceof ApiError);
      assert.equal(error.message, "create ConfigMap default/web: no");
      assert.deepEqual([error.code, error.statusCode, error.reason], [expected, code, reason]);
      assert.deepEqual(error.causes, [{ field: "data", message: "too long" }]);
    }
  });
});

test("an object that is not there is found as undefined", async () => {
  await withClient(async (client, server) => {
    server.script = (_seen, response) => {
      status(response, 404, "NotFound", "no");
      return true;
    };
    assert.equal(await client.find(ConfigMap, map.metadata), undefined);
  });
});

test("reading is tried again after a failure, writing only after 429", async () => {
  await withClient(async (client, server) => {
    const answers = [503, 429, 0, 200, 503, 429, 201];
    server.script = (_seen, response) => {
      const code = answers.shift() ?? 500;
      if (code === 0) response.destroy();
      else if (code < 300) json(response, code, answered);
      else status(response, code, "", "not now");
      return true;
    };
    await client.get(ConfigMap, map.metadata);
    await assert.rejects(client.create(ConfigMap, map), { code: "unavailable" });
    await client.create(ConfigMap, map);
    assert.equal(server.seen.length, 7);
  });
});

test("a server that asks for more patience than we have is told to the caller", async () => {
  await withClient(async (client, server) => {
    server.script = (_seen, response) => {
      response.setHeader("retry-after", "3600");
      status(response, 429, "TooManyRequests", "later");
      return true;
    };
    await assert.rejects(client.get(ConfigMap, map.metadata), { code: "too-many-requests", retryAfterMs: 3_600_000 });
    assert.equal(server.seen.length, 1);
  });
});

test("a request has a time limit, from its beginning to the end of the answer", async () => {
  await withClient(
    async (client, server) => {
      server.script = () => true;
      await assert.rejects(client.create(ConfigMap, map), { code: "timeout" });
      server.script = (_seen, response) => {
        response.writeHead(200);
        response.write("{");
        return true;
      };
      await assert.rejects(client.create(ConfigMap, map), { code: "timeout" });
    },
    { requestLimitMs: 5000 },
  );
});

test("what waits is ended by its signal, with the signal's reason", async () => {
  await withClient(async (client, server) => {
    server.script = () => true;
    const reason = new Error("enough");
    for (const begin of [
      (signal: AbortSignal) => client.get(ConfigMap, map.metadata, { signal }),
      (signal: AbortSignal) => client.list(ConfigMap, { signal }),
      (signal: AbortSignal) => client.watch(ConfigMap, { signal }).next(),
    ]) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(reason), 10);
      await assert.rejects(begin(stop.signal), (error) => error === reason);
    }
  });
});

test("an answer that is cut off, or is no JSON, or no such object, is an error of its own", async () => {
  await withClient(async (client, server) => {
    server.script = (_seen, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => response.destroy());
      return true;
    };
    await assert.rejects(
      client.create(ConfigMap, map),
      (error) => error instanceof ConnectionError && error.code === "interrupted",
    );
    for (const text of ["<html>", '{"metadata":{}}', "null", '{"metadata":{"name":"web"},"data":[1]}']) {
      server.script = (_seen, response) => {
        response.end(`${text}\n`);
        return true;
      };
      await assert.rejects(client.get(ConfigMap, map.metadata), (error) => error instanceof UnreadableAnswer);
      await assert.rejects(client.list(ConfigMap), (error) => error instanceof UnreadableAnswer);
      await assert.rejects(client.watch(ConfigMap).next(), (error) => error instanceof UnreadableAnswer);
    }
  });
});

test("credentials that are rejected are renewed once", async () => {
  const tokens = ["old", "new"];
  const credentials = {
    current: () => Promise.resolve({ token: tokens[0] }),
    rejected: () => tokens.length > 1 && tokens.shift() !== undefined,
  };
  await withClient(
    async (client, server) => {
      server.script = ({ headers }, response) => {
        if (headers.authorization === "Bearer new") json(response, 200, answered);
        else status(response, 401, "Unauthorized", "who are you");
        return true;
      };
      await client.get(ConfigMap, map.metadata);
      tokens.splice(0, 2, "worse");
      await assert.rejects(client.get(ConfigMap, map.metadata), { code: "unauthorized" });
    },
    {},
    { credentials },
  );
});

test("a server that is not there is unreachable", async () => {
  await withClient(
    async (client) => {
      await assert.rejects(client.create(ConfigMap, map), {
        code: "unreachable",
        message: /127\.0\.0\.1:1 cannot be reached/,
      });
    },
    {},
    { server: new URL("http://127.0.0.1:1") },
  );
});
