import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../kubernetes/client/index.ts";
import type { NodeReport } from "../kubernetes/resources/index.ts";
import type { PeerStatus } from "../protocols/bgp/index.ts";
import { Reporter } from "./node-report.ts";

type Status = NonNullable<NodeReport["status"]>;

function session(prefixes: number): PeerStatus {
  // Only what a report is made of.
  return {
    name: "switch",
    state: "established",
    stateSince: 0,
    prefixes: { sent: { 4: prefixes, 6: 0 } },
  } as PeerStatus;
}

test("counts that change are gathered, a session that comes is told at once, and the last word is what is", async () => {
  const written: Status[] = [];
  const client = {
    apply: async (_kind: unknown, object: NodeReport) => void written.push(object.status as Status),
  } as unknown as Client;
  let sessions = [session(0)];
  const startTime = new Date(0);
  const observe = () => ({
    nodeUid: undefined,
    startTime,
    sessions,
    problems: [],
    revision: undefined,
    trial: undefined,
    dateOf: () => startTime,
  });
  const reporter = new Reporter(client, "n", observe, (error) => assert.fail(String(error)));
  const untilWritten = async (count: number) => {
    while (written.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  reporter.start();
  await untilWritten(1);
  for (let prefixes = 1; prefixes <= 20; prefixes++) {
    sessions = [session(prefixes)];
    reporter.touch(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  sessions = [session(20), { ...session(0), name: "other" }];
  reporter.touch(0);
  await untilWritten(2);
  sessions = [session(21), { ...session(0), name: "other" }];
  await reporter.stop(AbortSignal.timeout(10_000));
  assert.deepEqual(
    written.map((status) => status.sessions.map(({ peer, prefixes }) => `${peer} ${prefixes}`)),
    [["switch 0"], ["switch 20", "other 0"], ["switch 21", "other 0"]],
  );
});
