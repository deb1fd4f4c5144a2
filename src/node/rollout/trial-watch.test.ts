import assert from "node:assert/strict";
import { test } from "node:test";
import type { LostEvidence } from "../../kubernetes/resources/index.ts";
import type { Trial } from "../../plan/index.ts";
import { SimulatedClock } from "../../protocols/clock/index.ts";
import { TrialWatch } from "./trial-watch.ts";

const trial: Trial = { attempt: 4, revision: "b", atStake: ["switch"] };
const lost: LostEvidence = { code: "sessionLost", peer: "switch", state: "Active" };

function begin(of: Trial = trial) {
  const clock = new SimulatedClock();
  const told = { missing: lost as LostEvidence | undefined, takenBack: 0 };
  const watch = new TrialWatch(
    clock,
    { limitMs: 30_000, soakMs: 1_000 },
    { missing: () => told.missing, takeBack: () => (told.takenBack += 1), changed: () => {} },
  );
  watch.follow(of);
  return { clock, told, watch };
}

test("a change is kept when what was at stake has been there for a second", () => {
  const { clock, told, watch } = begin();
  assert.deepEqual(watch.verdict, { attempt: 4, state: "trying" });
  clock.advance(29_500);
  told.missing = undefined;
  clock.advance(900);
  assert.equal(watch.verdict?.state, "trying", "late, and not yet for long enough");
  clock.advance(300);
  assert.deepEqual(watch.verdict, { attempt: 4, state: "kept" });
  told.missing = lost;
  clock.advance(60_000);
  assert.equal(watch.verdict.state, "kept", "what is lost later is not its fault");
  assert.equal(told.takenBack, 0);
});

test("a session that comes and goes is no evidence, and what brings none in time is taken back, once", () => {
  const { clock, told, watch } = begin();
  for (let second = 0; second < 31; second += 1) {
    told.missing = second % 2 === 0 ? undefined : lost;
    clock.advance(950);
  }
  told.missing = lost;
  clock.advance(1_000);
  assert.deepEqual(watch.verdict, { attempt: 4, state: "refused", why: lost });
  assert.equal(told.takenBack, 1);
  watch.follow(undefined);
  clock.advance(60_000);
  assert.deepEqual(watch.verdict, { attempt: 4, state: "refused", why: lost }, "it is told until there is another");
  assert.equal(told.takenBack, 1);
});

test("where nothing is at stake there is nothing to wait for", () => {
  assert.deepEqual(begin({ ...trial, atStake: [] }).watch.verdict, { attempt: 4, state: "kept" });
});

test("a change that is withdrawn leaves no verdict, and the same one again is another attempt", () => {
  const { clock, told, watch } = begin();
  watch.follow(undefined);
  clock.advance(60_000);
  assert.equal(watch.verdict, undefined);
  assert.equal(told.takenBack, 0);
  watch.follow({ ...trial, attempt: 5 });
  assert.deepEqual(watch.verdict, { attempt: 5, state: "trying" });
  watch.stop();
});
