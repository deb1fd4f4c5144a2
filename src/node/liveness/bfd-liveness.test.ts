import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../net/index.ts";
import { Node } from "../../kubernetes/resources/index.ts";
import type { SessionConfig } from "../../protocols/bfd/index.ts";
import type { BfdChange, PathWatch } from "../bfd/index.ts";
import { BfdLiveness, sessionsOf } from "./bfd-liveness.ts";
import { membersOf } from "./members.ts";

const times = { intervalMs: 300, multiplier: 3 };

function node(name: string, addresses: readonly string[], bootID = "1"): Node {
  return Node.schema.parse({
    metadata: { name, uid: `uid of ${name}` },
    status: {
      addresses: addresses.map((address) => ({ type: "InternalIP", address })),
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { bootID },
    },
  });
}

/** Paths whose changes a test makes. */
class Paths implements Pick<PathWatch, "setSessions" | "onChange" | "stop"> {
  sessions: readonly SessionConfig[] = [];
  timesSet = 0;
  #listener: (change: BfdChange) => void = () => {};

  setSessions(sessions: readonly SessionConfig[]): void {
    this.sessions = sessions;
    this.timesSet++;
  }

  onChange(listener: (change: BfdChange) => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  async stop(): Promise<void> {}

  change(peer: string, state: "up" | "down" | "admin-down", isFailure = false): void {
    const previous = state === "up" ? "init" : "up";
    this.#listener({ peer: `node/${peer}`, state, previous, diagnostic: "none", isFailure, atMs: 0 });
  }
}

const cluster = ["a", "b", "c"].map((name, index) => node(name, [`10.10.2.${index + 1}`, `fd10::${index + 1}`]));

test("each other node is watched from our InternalIP to its own", () => {
  const told = sessionsOf(membersOf(cluster, "b"), times).map(({ name, localAddress, remoteAddress, hops }) => [
    name,
    hops,
    localAddress && formatAddress(localAddress),
    formatAddress(remoteAddress),
  ]);
  assert.deepEqual(told, [
    ["node/a", "multi", "10.10.2.2", "10.10.2.1"],
    ["node/c", "multi", "10.10.2.2", "10.10.2.3"],
  ]);
});

test("a node without an address of a family of ours, or with an address that another has, is not watched", () => {
  const nodes = [
    ...cluster,
    node("d", []),
    node("e", ["10.10.2.1"]),
    node("f", ["10.10.2.2"]),
    node("g", ["no address"]),
  ];
  const names = sessionsOf(membersOf(nodes, "b"), times).map(({ name }) => name);
  assert.deepEqual(names, ["node/a", "node/c"]);
  assert.deepEqual(sessionsOf(membersOf(nodes, "g"), times), []);
  assert.deepEqual(sessionsOf(membersOf(nodes, "unknown"), times), []);
});

test("two nodes that name their addresses in another order watch each other by the same two", () => {
  const nodes = [node("a", ["10.10.2.1", "fd10::1"]), node("b", ["fd10::2", "10.10.2.2"]), node("c", ["fd10::3"])];
  const paths = nodes.flatMap(({ metadata }) =>
    sessionsOf(membersOf(nodes, metadata.name), times).map(({ localAddress, remoteAddress }) =>
      [localAddress, remoteAddress].map((end) => end && formatAddress(end)),
    ),
  );
  assert.deepEqual(paths, [
    ["10.10.2.1", "10.10.2.2"],
    ["fd10::1", "fd10::3"],
    ["10.10.2.2", "10.10.2.1"],
    ["fd10::2", "fd10::3"],
    ["fd10::3", "fd10::1"],
    ["fd10::3", "fd10::2"],
  ]);
});

test("the packets of one agent do not grow with the cluster beyond a hundred other nodes", () => {
  const nodes = Array.from({ length: 1_001 }, (_, index) => node(`n${index}`, [`10.0.${index >> 8}.${index & 255}`]));
  const rate = (count: number) =>
    sessionsOf(membersOf(nodes.slice(0, count), "n0"), times).reduce(
      (sum, { transmitIntervalMs = Number.NaN }) => sum + 1_000 / transmitIntervalMs,
      0,
    );
  assert.equal(Math.round(rate(101)), Math.round(100 / 0.3));
  assert.equal(Math.round(rate(1_001)), Math.round(100 / 0.3));
});

test("who listens is told of each change, and a heartbeat is none and sets no session anew", () => {
  const paths = new Paths();
  const liveness = new BfdLiveness(paths, "a", times);
  const told: string[] = [];
  liveness.onChange((dead) => told.push([...dead].join()));
  const news = () => told.splice(0).join(" | ");
  liveness.setNodes(cluster);
  paths.change("b", "up");
  paths.change("c", "up");
  assert.deepEqual(liveness.inSight, { watched: 2, answering: 2, dead: [] });
  told.splice(0);
  liveness.setNodes(cluster);
  assert.deepEqual([paths.timesSet, told], [1, []]);
  paths.change("b", "down", true);
  assert.equal(news(), "b");
  liveness.setNodes(cluster);
  assert.equal(liveness.inSight.answering, 1);
  paths.change("b", "up");
  assert.equal(news(), "");
  paths.change("b", "down");
  assert.deepEqual(liveness.inSight.dead, [], "it has left by intent");
  told.splice(0);
  paths.change("c", "down", true);
  assert.equal(news(), "c");
  liveness.setNodes([...cluster.slice(0, 2), node("c", ["10.10.2.3"], "2")]);
  assert.deepEqual(liveness.inSight.dead, [], "it was booted");
  assert.equal(news(), "");
});

test("a node whose address becomes another is not seen any more until it answers there", () => {
  const paths = new Paths();
  const liveness = new BfdLiveness(paths, "a", times);
  liveness.setNodes(cluster);
  paths.change("b", "up");
  liveness.setNodes([...cluster.slice(0, 1), node("b", ["10.10.2.9"]), ...cluster.slice(2)]);
  paths.change("b", "admin-down"); // the session by the old path
  assert.equal(liveness.inSight.answering, 0);
});
