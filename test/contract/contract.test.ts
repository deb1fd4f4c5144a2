// One contract, two API servers: each case is held against the embedded one and against Kubernetes' own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { contract } from "./cases/index.ts";
import { startEmbedded, startKubernetes, type ContractServer } from "./servers.ts";

let embedded: ContractServer;
let kubernetes: ContractServer;

before(async () => {
  embedded = await startEmbedded();
  kubernetes = await startKubernetes();
});

after(async () => {
  await embedded?.stop();
  await kubernetes?.stop();
});

for (const { about, cases, beyondEmbedded = [] } of contract) {
  describe(about, () => {
    for (const [name, run] of Object.entries(cases)) {
      describe(name, () => {
        test("embedded API server", () => embedded.hold(run));
        test("Kubernetes' API server", () => kubernetes.hold(run));
      });
    }
    for (const { name, refused, run } of beyondEmbedded) {
      describe(name, () => {
        test("embedded API server: 501", async () => {
          const { code, text } = await embedded.raw.call(refused.method, refused.path, "{}");
          assert.equal(code, 501, text);
          assert.match(text, refused.names);
        });
        test("Kubernetes' API server", () => kubernetes.hold(run));
      });
    }
  });
}
