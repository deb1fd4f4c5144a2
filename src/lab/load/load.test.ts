import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./http-answer.ts";
import { reportPhase } from "./phase.ts";
import { parseRequests, type LoadRequest } from "./request.ts";

function answered(startMs: number, endMs: number, by = "a"): LoadRequest {
  return { startMs, endMs, port: 1, outcome: { ok: true, by } };
}

function failed(startMs: number, endMs = startMs + 300): LoadRequest {
  return { startMs, endMs, port: 1, outcome: { ok: false, error: "timeout" } };
}

test("a phase in which all is answered has lost nothing", () => {
  const phase = { name: "steady", fromMs: 1000, toMs: 2000, routeChangesMs: [] };
  const requests = [answered(999, 1001), answered(1000, 1003, "b"), answered(1999, 2100), answered(2000, 2001)];
  assert.deepEqual(reportPhase(phase, requests), {
    name: "steady",
    sent: 2,
    failed: 0,
    underWay: 0,
    failedOtherwise: 0,
    lossWindowMs: 0,
    otherErrors: {},
    answers: { a: 1, b: 1 },
  });
});

test("the loss window ends where the last request that failed was sent, not where it was given up", () => {
  const phase = { name: "dead", fromMs: 1000, toMs: 9000, faultAtMs: 1500, routeChangesMs: [4000] };
  const requests = [failed(1400), failed(2000), answered(2500, 2503), failed(3900), answered(3990, 3991)];
  const report = reportPhase(phase, requests);
  assert.deepEqual(
    { failed: report.failed, underWay: report.underWay, lossWindowMs: report.lossWindowMs },
    { failed: 3, underWay: 1, lossWindowMs: 2400 },
  );
});

test("under way is what was sent before the route changed and answered after it, or never", () => {
  const phase = { name: "drained", fromMs: 0, toMs: 9000, routeChangesMs: [1000, 2000] };
  const requests = [
    answered(998, 1002),
    failed(999),
    answered(999, 1000),
    answered(1000, 1001),
    failed(1990),
    failed(3000),
  ];
  const report = reportPhase(phase, requests);
  assert.equal(report.underWay, 3);
  assert.equal(report.failed, 3);
  assert.equal(report.failedOtherwise, 1);
});

test("a request that failed before the fault opens no window", () => {
  const phase = { name: "dead", fromMs: 0, toMs: 9000, faultAtMs: 1000, routeChangesMs: [] };
  assert.equal(reportPhase(phase, [failed(900)]).lossWindowMs, 0);
});

test("a line that is still being written is not read", () => {
  const line = JSON.stringify(answered(1, 2));
  assert.deepEqual(parseRequests(`${line}\n${line.slice(0, 10)}`), [answered(1, 2)]);
  assert.deepEqual(parseRequests(""), []);
});

test("an answer is complete when all of its body has come, and never before", () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npod-1\n";
  for (let length = 0; length < answer.length; length++) {
    assert.deepEqual(readAnswer(answer.slice(0, length), false), { state: "incomplete" });
  }
  assert.deepEqual(readAnswer(answer, false), { state: "complete", status: 200, firstLine: "pod-1" });
  assert.equal(readAnswer("HTTP/1.0 503 No\r\n\r\n", false).state, "incomplete");
  assert.deepEqual(readAnswer("HTTP/1.0 503 No\r\n\r\n", true), { state: "complete", status: 503, firstLine: "" });
});
