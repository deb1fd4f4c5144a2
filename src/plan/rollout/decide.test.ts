import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LostEvidence } from "../../kubernetes/resources/index.ts";
import { decideRollout, type RolloutNode, type RolloutState } from "./decide.ts";

const lost: LostEvidence = { code: "sessionLost", peer: "switch", state: "Idle" };
const kept = { attempts: 0, kept: { revision: "a" } } as const;

function node(name: string, parts: Partial<RolloutNode> = {}): RolloutNode {
  return { name, isHeard: true, isChanged: true, holds: ["switch"], ...parts };
}

function decide(rollout: RolloutState | undefined, nodes: readonly RolloutNode[], written: string | undefined = "b") {
  return decideRollout({ rollout, written, nodes, hasRested: false });
}

function trying(stage: "one" | "all", ...nodes: readonly string[]): RolloutState {
  const permits = nodes.map((each) => ({ node: each, atStake: ["switch"] }));
  return { attempts: 1, kept: { revision: "a" }, candidate: { revision: "b", attempt: 1, stage, permits } };
}

const verdict = (state: string, attempt = 1) => ({
  trial: { attempt, state, ...(state === "refused" ? { why: lost } : {}) },
});

test("what is written first is kept at once, and what is wrong is no beginning", () => {
  assert.deepEqual(decide(undefined, [node("n1")]), { attempts: 0, kept: { revision: "b" } });
  assert.equal(decideRollout({ rollout: undefined, written: undefined, nodes: [], hasRested: false }), undefined);
});

test("a change is kept at once where nobody has a session, or nobody that has one is changed by it", () => {
  const now = { attempts: 0, kept: { revision: "b" } };
  assert.deepEqual(decide(kept, []), now);
  assert.deepEqual(decide(kept, [node("n1", { holds: [] })]), now);
  assert.deepEqual(decide(kept, [node("n1", { isChanged: false }), node("n2", { holds: [] })]), now);
});

test("the first to try a change is the first by name that is heard, is changed and has a session", () => {
  const nodes = [
    node("n5"),
    node("n4"),
    node("n3", { isHeard: false }),
    node("n2", { holds: [] }),
    node("n1", { isChanged: false }),
  ];
  assert.deepEqual(decide(kept, nodes), trying("one", "n4"));
});

test("while the first tries, nobody else may, and an older verdict is none", () => {
  const rollout = trying("one", "n1");
  for (const first of [node("n1"), node("n1", verdict("trying")), node("n1", verdict("kept", 0))]) {
    assert.equal(decide(rollout, [first, node("n2")]), rollout);
  }
});

test("on the first node's evidence all that are heard may try, and when they have, it is kept", () => {
  const nodes = [node("n1", verdict("kept")), node("n2"), node("n3", { isHeard: false })];
  const all = decide(trying("one", "n1"), nodes);
  assert.deepEqual(all, trying("all", "n1", "n2"));
  assert.equal(decide(all, nodes), all);
  const done = [node("n1", verdict("kept")), node("n2", verdict("kept")), node("n3"), node("n4", { isHeard: false })];
  assert.deepEqual(decide(all, done), { attempts: 1, kept: { revision: "b" } });
});

test("one that falls silent is replaced, and not waited for", () => {
  const silent = node("n1", { isHeard: false });
  assert.deepEqual(decide(trying("one", "n1"), [silent, node("n2")]), trying("one", "n2"));
  assert.deepEqual(decide(trying("one", "n1"), [silent]), { attempts: 1, kept: { revision: "b" } });
  const all = trying("all", "n1", "n2");
  assert.deepEqual(decide(all, [silent, node("n2", verdict("kept"))]), { attempts: 1, kept: { revision: "b" } });
});

test("any node's refusal is a refusal for all", () => {
  const refused = { attempts: 1, kept: { revision: "a" }, refused: { revision: "b", node: "n2", why: lost } };
  const nodes = [node("n1", verdict("kept")), node("n2", verdict("refused"))];
  assert.deepEqual(decide(trying("all", "n1", "n2"), nodes), refused);
  assert.equal(decide(refused, nodes), refused);
});

test("another change is tried anew, the old one written again ends everything, a wrong one ends the trial", () => {
  const refused: RolloutState = { ...kept, attempts: 1, refused: { revision: "b", node: "n1", why: lost } };
  const next = decide(refused, [node("n1", verdict("refused"))], "c");
  assert.deepEqual(next?.candidate?.attempt, 2);
  assert.equal(next?.refused, undefined);
  assert.deepEqual(decide(refused, [node("n1")], "a"), { attempts: 1, kept: { revision: "a" } });
  assert.deepEqual(decide(trying("one", "n1"), [node("n1")], "a"), { attempts: 1, kept: { revision: "a" } });
  const wrong = { written: undefined, nodes: [node("n1")], hasRested: false };
  assert.deepEqual(decideRollout({ rollout: trying("one", "n1"), ...wrong }), { attempts: 1, kept: { revision: "a" } });
  assert.equal(decideRollout({ rollout: refused, ...wrong }), refused);
});

test("what was refused is tried again when its session is down everywhere, and only then", () => {
  const refused: RolloutState = { ...kept, attempts: 1, refused: { revision: "b", node: "n2", why: lost } };
  const again = (nodes: readonly RolloutNode[], hasRested = true) =>
    decideRollout({ rollout: refused, written: "b", nodes, hasRested });
  const down = { holds: ["other"] };
  assert.equal(again([node("n1"), node("n2", down)]), refused, "it is up on n1");
  assert.equal(again([node("n1", down), node("n2", down)], false), refused, "what was kept has had no time");
  const next = again([node("n1", down), node("n2", down)]);
  assert.deepEqual(next?.candidate?.permits, [{ node: "n2", atStake: ["other", "switch"] }]);
  assert.deepEqual(next?.refused, refused.refused, "it is refused until there is evidence");
});

test("a change that is written while another is tried has all at stake that the other may have cost", () => {
  const next = decide(trying("one", "n1"), [node("n1", { holds: ["other"] })], "c");
  assert.deepEqual(next?.candidate?.permits, [{ node: "n1", atStake: ["other", "switch"] }]);
});

/** A cluster in which each node answers in its own way, until nothing changes any more. */
function settle(nodes: readonly (RolloutNode & { readonly answer: string })[]): RolloutState[] {
  const history: RolloutState[] = [kept];
  let seen: readonly RolloutNode[] = nodes;
  for (let step = 0; step < 100; step += 1) {
    const before = history.at(-1);
    const after = decide(before, seen);
    if (after !== undefined && after !== before) history.push(after);
    const permits = after?.candidate?.permits ?? [];
    const answered = nodes.map((each): RolloutNode => {
      if (!permits.some((permit) => permit.node === each.name))
        return seen.find(({ name }) => name === each.name) ?? each;
      // Who never answers is found silent by the clock, which is not ours.
      if (each.answer === "silent") return { ...each, isHeard: false };
      return { ...each, ...verdict(each.answer, after?.candidate?.attempt) };
    });
    if (after === before && JSON.stringify(answered) === JSON.stringify(seen)) return history;
    seen = answered;
  }
  throw new Error("it does not end");
}

const clusters = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("n1", "n2", "n3", "n4", "n5"),
    isHeard: fc.boolean(),
    isChanged: fc.boolean(),
    holds: fc.constantFrom(["switch"], []),
    answer: fc.constantFrom("kept", "refused", "silent"),
  }),
  { selector: ({ name }) => name },
);

test("however nodes answer, it ends: kept, or refused by one that had a permit and kept by nobody after it", () => {
  fc.assert(
    fc.property(clusters, (nodes) => {
      const history = settle(nodes);
      const end = history.at(-1);
      assert.equal(end?.candidate, undefined);
      if (end?.refused === undefined) assert.equal(end?.kept.revision, "b");
      else assert.equal(nodes.find(({ name }) => name === end.refused?.node)?.answer, "refused");
    }),
  );
});

test("no second node has a permit before one with something to lose has given evidence", () => {
  fc.assert(
    fc.property(clusters, (nodes) => {
      for (const { candidate } of settle(nodes)) {
        if (candidate === undefined || candidate.permits.length < 2) continue;
        const gave = nodes.some(
          ({ name, answer, holds, isChanged }) =>
            answer === "kept" && isChanged && holds.length > 0 && candidate.permits.some((each) => each.node === name),
        );
        assert.ok(gave && candidate.stage === "all");
      }
    }),
  );
});

test("a change that every node would refuse costs sessions on one node only", () => {
  fc.assert(
    fc.property(clusters, (nodes) => {
      const bad = nodes.map((each) => ({ ...each, answer: "refused" }));
      const tried = new Set(settle(bad).flatMap(({ candidate }) => candidate?.permits.map((each) => each.node) ?? []));
      assert.ok(tried.size <= 1);
    }),
  );
});

test("the order in which nodes are listed does not matter", () => {
  fc.assert(
    fc.property(clusters, (nodes) => {
      assert.deepEqual(settle(nodes), settle(nodes.toReversed()));
    }),
  );
});
