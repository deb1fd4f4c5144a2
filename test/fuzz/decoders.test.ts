import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzBfdDecoder } from "./bfd-decoder.ts";
import { fuzzBgpDecoder } from "./bgp-decoder.ts";
import { fuzzBgpSession } from "./bgp-session.ts";

test("100,000 mutated BGP messages give a message or an error that a NOTIFICATION can carry, and nothing else", () => {
  const { outcomes, samples } = fuzzBgpDecoder(100_000, 4271);
  for (const kind of ["open, good", "update, treated as withdraw", "NOTIFICATION 3/9", "NOTIFICATION 2/0"]) {
    assert.ok(outcomes.has(kind), `it gets as far as this: ${kind}`);
  }
  assert.ok(samples > 1_000, "it finds more to start from");
});

test("100,000 mutated BFD packets give a packet or the rule that they break, and nothing else", () => {
  const { outcomes } = fuzzBfdDecoder(100_000, 5880);
  assert.equal([...outcomes.keys()].filter((kind) => kind.startsWith("packet.")).length, 8);
});

test("1,000 sessions fed with garbage end with the right NOTIFICATION, and the next comes up", async () => {
  const { outcomes } = await fuzzBgpSession(1_000, 7606);
  assert.ok((outcomes.get("the session stays") ?? 0) > 10);
  assert.ok(outcomes.size > 8, [...outcomes.keys()].join());
});
