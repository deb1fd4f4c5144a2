import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "./told.ts";

test("a wrong change costs one node its session, a good one comes to all, and a migration ends well", async () => {
  const { steps } = await told("rollout");
  assert.equal(steps.length, 11);
});
