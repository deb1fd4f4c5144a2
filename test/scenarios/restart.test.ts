import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "./told.ts";

test("agents that are killed or succeeded cost no route and no request", async () => {
  const { steps } = await told("restart");
  assert.equal(steps.length, 7);
});
