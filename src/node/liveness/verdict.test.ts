import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../../net/index.ts";
import type { Member } from "./members.ts";
import { Verdict } from "./verdict.ts";

const since = new Date(0);

function member(name: string, change: Partial<Member> = {}): Member {
  return { name, incarnation: "1", localAddress: ipv4(2), address: ipv4(1), isReady: true, ...change };
}

/** A verdict on these nodes, all of which were seen up. */
function seenUp(...names: readonly string[]): Verdict {
  const verdict = new Verdict();
  verdict.setMembers(names.map((name) => member(name)));
  for (const name of names) verdict.isUp(name);
  return verdict;
}

const deadOf = (verdict: Verdict) => verdict.dead.map(({ name }) => name);

test("a node is dead when its path was up and has failed, until it is up again", () => {
  const verdict = seenUp("a", "b", "c");
  assert.deepEqual(deadOf(verdict), []);
  verdict.hasFailed("a", since);
  assert.deepEqual(verdict.dead, [{ name: "a", since }]);
  verdict.isUp("a");
  assert.deepEqual(deadOf(verdict), []);
});

test("a node that was never seen up, or that has left by intent, is not dead", () => {
  const verdict = seenUp("b", "c");
  verdict.setMembers(["a", "b", "c"].map((name) => member(name)));
  verdict.hasFailed("a", since);
  verdict.hasLeft("b");
  verdict.hasFailed("b", since);
  assert.deepEqual(deadOf(verdict), []);
});

test("a node that is dead stays dead when its agent says goodbye too late", () => {
  const verdict = seenUp("a", "b", "c");
  verdict.hasFailed("a", since);
  verdict.hasLeft("a");
  assert.deepEqual(deadOf(verdict), ["a"]);
});

test("a Node that is made anew, booted again or deleted is dead no more", () => {
  for (const members of [
    [member("a", { incarnation: "2" }), member("b"), member("c")],
    [member("b"), member("c")],
  ]) {
    const verdict = seenUp("a", "b", "c");
    verdict.hasFailed("a", since);
    verdict.setMembers(members);
    assert.deepEqual(deadOf(verdict), []);
    verdict.hasFailed("a", since);
    assert.deepEqual(deadOf(verdict), []);
  }
});

test("a node that is up when its Node turns out to be another is still seen, so that its death is noticed", () => {
  const verdict = seenUp("a", "b", "c");
  verdict.setMembers([member("a", { incarnation: "2" }), member("b"), member("c")]);
  assert.equal(verdict.answering, 3);
  verdict.hasFailed("a", since);
  assert.deepEqual(deadOf(verdict), ["a"]);
});

test("a node that loses sight of most others is cut off itself, and calls nobody dead", () => {
  const three = seenUp("a", "b");
  three.hasFailed("a", since);
  assert.deepEqual(deadOf(three), ["a"], "one of two");
  three.hasFailed("b", since);
  assert.deepEqual(deadOf(three), [], "both of two");

  const five = seenUp("a", "b", "c", "d");
  five.hasFailed("a", since);
  five.hasFailed("b", since);
  assert.deepEqual(deadOf(five), ["a", "b"], "half of the others");
  five.hasFailed("c", since);
  assert.deepEqual(deadOf(five), [], "more than half");
});

test("of two nodes, one that loses sight of the other calls it dead", () => {
  const verdict = seenUp("a");
  verdict.hasFailed("a", since);
  assert.deepEqual(deadOf(verdict), ["a"]);
});

test("nodes that Kubernetes knows to be dead do not make the others deaf to the next one", () => {
  const verdict = seenUp("a", "b", "c", "d", "e");
  for (const name of ["a", "b", "c"]) verdict.hasFailed(name, since);
  assert.deepEqual(deadOf(verdict), []);
  const silent = ["a", "b", "c"].map((name) => member(name, { isReady: false }));
  verdict.setMembers([...silent, member("d"), member("e")]);
  assert.deepEqual(deadOf(verdict), ["a", "b", "c"]);
  verdict.hasFailed("d", since);
  assert.deepEqual(deadOf(verdict), ["a", "b", "c", "d"]);
});
