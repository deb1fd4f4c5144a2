import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ipv4 } from "../../src/net/index.ts";
import { BfdAgent } from "../../src/node/bfd/index.ts";
import { until } from "./frr.ts";
import { enterOwnNamespace } from "./namespaces.ts";

enterOwnNamespace();

test("each session sends from a port of its own, from 49152 on, and keeps it while its intervals change (RFC 5881 §4)", async () => {
  const agent = new BfdAgent();
  const set = (transmitIntervalMs: number) => {
    agent.setSessions(
      [1, 2, 3].map((index) => {
        return { name: `to-${index}`, remoteAddress: ipv4(0x7f000100 + index), transmitIntervalMs };
      }),
    );
  };
  try {
    set(300);
    await until("each has a socket", () => sourcePorts().length === 3);
    const before = sourcePorts();
    assert.ok(before.every((port) => port >= 49_152 && port <= 65_535));
    assert.equal(new Set(before).size, 3);
    set(100);
    await agent.status();
    assert.deepEqual(sourcePorts(), before);
  } finally {
    await agent.stop();
  }
});

/** Of this namespace's UDP sockets, but for those that listen for control packets. */
function sourcePorts(): number[] {
  const lines = execFileSync("ss", ["-Huan"], { encoding: "utf8" }).trim().split("\n");
  const ports = lines.map((line) => Number(/:(\d+)\s/.exec(line)?.[1]));
  return ports.filter((port) => port !== 3784).sort((a, b) => a - b);
}
