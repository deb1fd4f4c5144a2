import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "./told.ts";

test("a CNI's daemon and Fairlead each have a session with the switch from every node, and neither disturbs the other", async () => {
  const { steps } = await told("beside-cni");
  assert.equal(steps.length, 8);
});
