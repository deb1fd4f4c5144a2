// What processes do for nobody when they have nothing to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "./stage.ts";

test("both processes warm up when they have nothing to do, and neither the switch nor the API server hears of it", async () => {
  await using stage = await Stage.running();
  for (const process of [stage.controllerProcess, stage.agent]) await process.says(/"msg":"warm: /);
  assert.deepEqual(await stage.routes(), ["172.19.100.1"]);
  assert.equal(await stage.timesEstablished(), 1);
  assert.deepEqual(
    (await stage.report()).sessions.map((session) => [session.state, session.prefixes]),
    [["Established", 1]],
  );
  await stage.addService("other");
  await stage.hasRoute("172.19.100.2");
});
