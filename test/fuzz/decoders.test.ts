import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzBgpDecoder } from "./bgp-decoder.ts";

test("100,000 mutated BGP messages give a message or an error that a NOTIFICATION can carry, and nothing else", () => {
  const { outcomes, samples } = fuzzBgpDecoder(100_000, 4271);
  for (const kind of ["open, good", "update, treated as withdraw", "NOTIFICATION 3/9", "NOTIFICATION 2/0"]) {
    assert.ok(outcomes.has(kind), `it gets as far as this: ${kind}`);
  }
  assert.ok(samples > 1_000, "it finds more to start from");
});
