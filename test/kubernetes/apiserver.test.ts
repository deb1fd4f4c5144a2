// The embedded API server at its edges: restarts, kills, and requests that no good client makes.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { startApiServer, type ApiServer } from "../../src/kubernetes/apiserver/index.ts";
import { RawClient } from "./raw-client.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const services = "/api/v1/namespaces/default/services";
const map = (name: string, data = {}) => JSON.stringify({ metadata: { name }, data });

let folder: string;
let server: ApiServer;
let client: RawClient;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-apiserver-"));
  server = await startApiServer({
    database: ":memory:",
    host: "127.0.0.1",
    port: 0,
    onError: (error) => assert.fail(String(error)),
  });
  client = new RawClient(server.kubeconfig("tester", "token"));
  await client.call(
    "POST",
    "/apis/fairlead.dev/v1alpha1/addressblocks",
    '{"metadata":{"name":"b"},"spec":{"first":"10.0.0.0"}}',
  );
  await client.call("POST", configMaps, map("kube"));
});

after(async () => {
  client[Symbol.dispose]();
  await server.close();
  await rm(folder, { recursive: true });
});

test("everything is there after a restart: objects, versions, allocations, credentials, and watches go on", async () => {
  const options = { database: join(folder, "restart"), host: "127.0.0.1", port: 0 };
  const first = await startApiServer(options);
  const kubeconfig = first.kubeconfig("tester", "token");
  const port = Number(new URL(first.url).port);
  const body = JSON.stringify({
    metadata: { name: "web" },
    spec: { type: "NodePort", clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30_080 }] },
  });
  let before: string;
  {
    using client = new RawClient(kubeconfig);
    await client.call("POST", configMaps, map("a"));
    assert.equal((await client.call("POST", services, body)).code, 201);
    await client.call("DELETE", `${configMaps}/a`);
    before = (await client.call("GET", services)).text;
  }
  await first.close();
  const second = await startApiServer({ ...options, port });
  try {
    using client = new RawClient(kubeconfig);
    assert.equal((await client.call("GET", services)).text, before);
    const taken = await client.call("POST", services, body.replace("web", "other"));
    assert.match(taken.text, /provided IP is already allocated/);
    const { text } = await client.call("GET", `${configMaps}?watch=1&resourceVersion=8&timeoutSeconds=1`);
    assert.deepEqual(text.match(/"type":"[A-Z]+"/g), ['"type":"ADDED"', '"type":"DELETED"']);
  } finally {
    await second.close();
  }
});

test("an old watch gets 410 once the history is compacted", async () => {
  await client.call("POST", configMaps, map("compacted"));
  server.compact();
  const { code, text } = await client.call("GET", `${configMaps}?watch=1&resourceVersion=1`);
  assert.equal(code, 200);
  assert.match(text, /^\{"type":"ERROR","object":\{"kind":"Status".*"reason":"Expired".*"code":410\}\}\n$/);
});

test("a watch ends at its timeout, with a bookmark", async () => {
  const { text } = await client.call(
    "GET",
    `${configMaps}?watch=1&resourceVersion=999&allowWatchBookmarks=true&timeoutSeconds=1`,
  );
  assert.match(
    text,
    /^\{"type":"BOOKMARK","object":\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"resourceVersion":"\d+"\}\}\}\n$/,
  );
});

const refusals: readonly (readonly [
  what: string,
  code: number,
  message: RegExp,
  ...request: Parameters<RawClient["call"]>,
])[] = [
  ["a body that is no JSON", 400, /is no JSON/, "POST", configMaps, "{"],
  ["a body that is no object", 400, /no ConfigMap object/, "POST", configMaps, "[1]"],
  ["a body of another kind", 400, /cannot be handled as a ConfigMap/, "POST", configMaps, '{"kind":"Pod"}'],
  [
    "a body of another version",
    400,
    /does not match the expected API version/,
    "POST",
    configMaps,
    '{"apiVersion":"v2"}',
  ],
  [
    "a body that reaches for a prototype",
    400,
    /__proto__/,
    "POST",
    configMaps,
    '{"metadata":{"name":"x"},"__proto__":{"a":1}}',
  ],
  ["a body that is too deep", 400, /max depth/, "POST", configMaps, `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`],
  ["a body that is too large", 413, /too large/, "POST", configMaps, map("x", { a: "x".repeat(4_000_000) })],
  ["an object that is too large", 413, /too large/, "POST", configMaps, map("x", { a: "x".repeat(2_000_000) })],
  ["a body in another form", 415, /unknown format/, "POST", configMaps, "x", { "content-type": "text/plain" }],
  [
    "Protocol Buffers cut short",
    400,
    /ends in the middle/,
    "POST",
    configMaps,
    "k8s\0\n\xff",
    { "content-type": "application/vnd.kubernetes.protobuf" },
  ],
  ["YAML that is none", 400, /is no YAML/, "POST", configMaps, "a: [", { "content-type": "application/yaml" }],
  [
    "an answer in Protocol Buffers alone",
    406,
    /application\/json/,
    "GET",
    configMaps,
    undefined,
    { accept: "application/vnd.kubernetes.protobuf" },
  ],
  [
    "another namespace in the body",
    400,
    /does not match the namespace/,
    "POST",
    configMaps,
    '{"metadata":{"name":"x","namespace":"y"}}',
  ],
  ["a name of another object", 400, /does not match the name on the URL/, "PUT", `${configMaps}/kube`, map("x")],
  [
    "a strategic merge of a custom kind",
    415,
    /json-patch/,
    "PATCH",
    "/apis/metallb.io/v1beta2/namespaces/default/bgppeers/x",
    "{}",
    { "content-type": "application/strategic-merge-patch+json" },
  ],
  [
    "an update of a custom resource that says no version",
    422,
    /must be specified for an update/,
    "PUT",
    "/apis/fairlead.dev/v1alpha1/addressblocks/b",
    '{"metadata":{"name":"b"},"spec":{"first":"10.0.0.0"}}',
  ],
  [
    "an apply without a manager",
    422,
    /fieldManager: Required value/,
    "PATCH",
    `${configMaps}/x`,
    "{}",
    { "content-type": "application/apply-patch+yaml" },
  ],
  ["a path with a wrong escape", 400, /wrong escape/, "GET", `${configMaps}/%zz`],
  ["a path that is none", 404, /could not find/, "GET", "/nothing"],
  ["a group that is none", 404, /could not find/, "GET", "/apis/nothing.example.com/v1/things"],
  ["a method that is none here", 405, /does not allow this method/, "POST", "/api/v1/configmaps", "{}"],
  ["a limit that is no number", 400, /limit: "x" is not a number/, "GET", `${configMaps}?limit=x`],
  ["a pod's log", 501, /subresource pods\/log is not implemented/, "GET", "/api/v1/namespaces/default/pods/x/log"],
  [
    "a kind that only a real server has",
    501,
    /persistentvolumes of v1 is not implemented/,
    "GET",
    "/api/v1/persistentvolumes",
  ],
  [
    "a CustomResourceDefinition",
    501,
    /customresourcedefinitions of apiextensions/,
    "POST",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "{}",
  ],
  ["the metrics", 501, /path \/metrics/, "GET", "/metrics"],
  ["watching by the old path", 501, /\/watch\//, "GET", "/api/v1/watch/pods"],
];

for (const [what, code, message, ...request] of refusals) {
  test(`${what} is answered with ${code} and a status that says why`, async () => {
    const answer = await client.call(...request);
    assert.equal(answer.code, code, answer.text);
    const status = JSON.parse(answer.text) as { kind: string; status: string; message: string; code: number };
    assert.deepEqual([status.kind, status.status, status.code], ["Status", "Failure", code]);
    assert.match(status.message, message);
  });
}

test("a field that a kind has not is cut, with a warning", async () => {
  const body = JSON.stringify({ metadata: { name: "warned" }, spec: { addresses: ["10.0.0.0/24"], colour: "red" } });
  const answer = await client.call("POST", "/apis/metallb.io/v1beta1/namespaces/default/ipaddresspools", body);
  assert.equal(answer.code, 201);
  assert.equal(answer.headers["warning"], '299 - "unknown field \\"spec.colour\\""');
  assert.doesNotMatch(answer.text, /colour/);
});

test("who is not known gets 401, but may ask whether the server lives", async () => {
  using stranger = new RawClient(server.kubeconfig("x", "token").replace(/token: .*/, "token: wrong"));
  assert.equal((await stranger.call("GET", "/api/v1/nodes")).code, 401);
  assert.equal((await stranger.call("POST", "/api/v1/namespaces", "x".repeat(1_000_000))).code, 401);
  assert.deepEqual((await stranger.call("GET", "/livez")).text, "ok");
  assert.equal((await stranger.call("GET", "/version")).code, 200);
});

test("no bytes on the wire bring the server down", async () => {
  const { hostname, port } = new URL(server.url);
  const speak = async (bytes: Uint8Array) => {
    const socket = connect({ host: hostname, port: Number(port), ca: server.ca });
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.end());
    socket.once("secureConnect", () => socket.end(bytes));
    await closed;
  };
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, http) => {
      await speak(http ? Buffer.concat([Buffer.from("GET / HTTP/1.1\r\n"), bytes]) : bytes);
    }),
    { numRuns: 30 },
  );
  assert.equal((await client.call("GET", "/livez")).code, 200);
});

test("any bytes in Protocol Buffers make an object or a refusal", async () => {
  const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
  // The envelope of a ConfigMap, around whatever comes.
  const envelope = (raw: Uint8Array) =>
    Buffer.concat([Buffer.from("k8s\0\n\x0f\n\x02v1\x12\x09ConfigMap\x12"), Buffer.from([raw.length]), raw]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const { code } = await client.call("POST", configMaps, envelope(bytes), headers);
      assert.ok([201, 400, 409, 422, 501].includes(code), String(code));
    }),
    { numRuns: 200 },
  );
});

test("a server is closed by its signal, with its watches, and its port is free", async () => {
  const stop = new AbortController();
  const one = await startApiServer({ database: ":memory:", host: "127.0.0.1", port: 0 }, stop.signal);
  using watcher = new RawClient(one.kubeconfig("x", "token"));
  const watch = watcher.call("GET", `${configMaps}?watch=1`);
  await watcher.call("GET", "/livez");
  stop.abort();
  assert.equal((await watch).code, 200);
  await one.close();
  const again = await startApiServer({ database: ":memory:", host: "127.0.0.1", port: Number(new URL(one.url).port) });
  await assert.rejects(
    startApiServer({ database: ":memory:", host: "127.0.0.1", port: Number(new URL(one.url).port) }),
    { code: "EADDRINUSE" },
  );
  await again.close();
});
