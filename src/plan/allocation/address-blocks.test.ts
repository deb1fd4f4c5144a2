import assert from "node:assert/strict";
import { test } from "node:test";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import { ownershipLine, ownershipsIn } from "./address-blocks.ts";

function blockOf(...owned: string[]): AddressBlock {
  return {
    apiVersion: "fairlead.dev/v1alpha1",
    kind: "AddressBlock",
    metadata: { name: "ipv4-192.0.2.0" },
    spec: { first: "192.0.2.0", owned },
  };
}

test("a line of a block is read as it was written", () => {
  const lines = ["192.0.2.1 d/web 44a9d0a0 autoAssign 19", "2001:db8::1 d/api 5e1c requested 20"];
  assert.deepEqual(ownershipsIn(blockOf(...lines)).map(ownershipLine), lines);
});

test("a line that is none is left out, and the others count", () => {
  const broken = ["", "192.0.2.1", "192.0.2.300 d/a u autoAssign 1", "192.0.2.2 d/b u shared"];
  const good = "192.0.2.3 d/c u shared 1";
  assert.deepEqual(ownershipsIn(blockOf(...broken, good)).map(ownershipLine), [good]);
});

test("an address that is held for a cause of a later version is held", () => {
  assert.deepEqual(ownershipsIn(blockOf("192.0.2.2 d/b u leased 1")).map(ownershipLine), ["192.0.2.2 d/b u adopted 1"]);
});
