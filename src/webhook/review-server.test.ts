import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ReviewServer } from "./review-server.ts";
import { newServingCertificate, type ServingCertificate } from "./serving-certificate.ts";
import { pool, source } from "../plan/testing.ts";

const name = "fairlead-webhook.metallb-system.svc";
const certificate = () => newServingCertificate(name, new Date(), undefined);

function question(addresses: string): string {
  const kind = { group: "metallb.io", version: "v1beta1", kind: "IPAddressPool" };
  const object = pool("second", addresses);
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "7", kind, name: "second", namespace: "metallb-system", operation: "CREATE", object },
  });
}

async function withServer(use: (server: ReviewServer, refused: string[]) => Promise<void>, fails = false) {
  const refused: string[] = [];
  const server = await ReviewServer.listen(0, {
    written: () =>
      fails ? Promise.reject(new Error("away")) : Promise.resolve(source({ pools: [pool("first", "192.0.2.0/24")] })),
    onRefused: (object) => void refused.push(object),
    onFailure: () => {},
  });
  try {
    await use(server, refused);
  } finally {
    await server.close();
  }
}

/** As the API server asks: by the Service's name, believing these authorities. */
async function ask(
  { port }: ReviewServer,
  { authoritiesPem }: ServingCertificate,
  body: string | Buffer,
  path = "/validate",
): Promise<{ readonly status: number | undefined; readonly said: string }> {
  const options = { port, host: "127.0.0.1", servername: name, ca: authoritiesPem, method: "POST", path, agent: false };
  const asking = request(options);
  const answered = once(asking, "response") as Promise<[IncomingMessage]>;
  asking.end(body);
  const [response] = await answered;
  return { status: response.statusCode, said: await text(response) };
}

test("the API server is answered by HTTPS, under the Service's name", () =>
  withServer(async (server, refused) => {
    const shown = certificate();
    server.use(shown);
    const yes = await ask(server, shown, question("198.51.100.0/24"));
    assert.deepEqual(JSON.parse(yes.said).response, { uid: "7", allowed: true });
    const no = await ask(server, shown, question("192.0.2.0/25"));
    assert.match(no.said, /"allowed":false.*must not overlap 192\.0\.2\.0-192\.0\.2\.255 of pool first/);
    assert.deepEqual(refused, ["IPAddressPool second"]);
  }));

test("a new certificate is shown from the next connection on", () =>
  withServer(async (server) => {
    const [first, second] = [certificate(), certificate()];
    await assert.rejects(ask(server, first, question("198.51.100.0/24")));
    server.use(first);
    assert.equal((await ask(server, first, question("198.51.100.0/24"))).status, 200);
    server.use(second);
    await assert.rejects(ask(server, first, question("198.51.100.0/24")));
    assert.equal((await ask(server, second, question("198.51.100.0/24"))).status, 200);
  }));

test("while what is written cannot be read there is no verdict, and the API server goes by its failure policy", () =>
  withServer(async (server) => {
    const shown = certificate();
    server.use(shown);
    assert.equal((await ask(server, shown, question("198.51.100.0/24"))).status, 500);
  }, true));

test("what is no question, or too large for one, is refused, and the next is answered", () =>
  withServer(async (server) => {
    const shown = certificate();
    server.use(shown);
    assert.equal((await ask(server, shown, "nonsense")).status, 400);
    assert.equal((await ask(server, shown, question("198.51.100.0/24"), "/other")).status, 404);
    const large = ask(server, shown, Buffer.alloc(5 * 1024 * 1024, " "));
    assert.equal(await large.then(({ status }) => status).catch(() => 413), 413);
    assert.equal((await ask(server, shown, question("198.51.100.0/24"))).status, 200);
  }));
