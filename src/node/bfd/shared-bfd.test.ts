import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../../net/index.ts";
import type { SessionConfig } from "../../protocols/bfd/index.ts";
import { noStatus, type BfdChange } from "./bfd-agent.ts";
import { SharedBfd, type PathWatch } from "./shared-bfd.ts";
import type { BfdStatus } from "./thread-messages.ts";

class Agent implements PathWatch {
  names: readonly string[] = [];
  isStopped = false;
  change: (change: BfdChange) => void = () => {};

  setSessions(sessions: readonly SessionConfig[]): void {
    if (sessions.some(({ name }) => name === "impossible")) throw new RangeError("impossible");
    this.names = sessions.map(({ name }) => name);
  }

  onChange(listener: (change: BfdChange) => void): () => void {
    this.change = listener;
    return () => undefined;
  }

  async status(): Promise<BfdStatus> {
    return noStatus;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }
}

const session = (name: string, address: number): SessionConfig => ({
  name,
  remoteAddress: ipv4(address),
  hops: "multi",
});
const failure = (peer: string): BfdChange => ({
  peer,
  state: "down",
  previous: "up",
  diagnostic: "detection-time-expired",
  isFailure: true,
  atMs: 0,
});

function shared() {
  const agents: Agent[] = [];
  const bfd = new SharedBfd(() => {
    const agent = new Agent();
    agents.push(agent);
    return agent;
  });
  return { agents, one: bfd.share(), other: bfd.share() };
}

test("one agent runs the sessions of all, from the first session on", async () => {
  const { agents, one, other } = shared();
  one.setSessions([]);
  assert.equal(agents.length, 0);
  one.setSessions([session("a", 1)]);
  other.setSessions([session("b", 2)]);
  assert.deepEqual(
    agents.map((agent) => agent.names),
    [["a", "b"]],
  );
  await one.stop();
  assert.deepEqual([agents[0]?.names, agents[0]?.isStopped], [["b"], false]);
  await other.stop();
  assert.equal(agents[0]?.isStopped, true);
});

test("each hears of its own sessions alone", () => {
  const { agents, one, other } = shared();
  const heard: string[] = [];
  one.onChange(({ peer }) => heard.push(`one ${peer}`));
  other.onChange(({ peer }) => heard.push(`other ${peer}`));
  one.setSessions([session("a", 1)]);
  other.setSessions([session("b", 2)]);
  agents[0]?.change(failure("a"));
  agents[0]?.change(failure("b"));
  assert.deepEqual(heard, ["one a", "other b"]);
});

test("of two sessions with one neighbour the first has it", () => {
  const { agents, one, other } = shared();
  other.setSessions([session("b", 1), session("c", 2)]);
  one.setSessions([session("a", 1)]);
  assert.deepEqual(agents[0]?.names, ["a", "c"]);
});

test("sessions that are impossible change nothing", () => {
  const { agents, one, other } = shared();
  one.setSessions([session("a", 1)]);
  assert.throws(() => one.setSessions([session("impossible", 1)]), RangeError);
  other.setSessions([session("b", 2)]);
  assert.deepEqual(agents[0]?.names, ["a", "b"]);
});
