import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { address } from "../../src/net/testing.ts";
import { BfdAgent, type BfdChange } from "../../src/node/bfd/index.ts";
import type { SessionConfig } from "../../src/protocols/bfd/index.ts";
import { cutBothWays } from "./cable.ts";
import { until } from "./frr.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";

const run = promisify(execFile);

enterOwnNamespace();

const theirs = ["10.0.0.2", "2001:db8::2"] as const;
const ours = ["10.0.0.1", "2001:db8::1"] as const;

/** BIRD in a network namespace, with its files in a folder of its own. */
class Bird implements AsyncDisposable {
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  static async start(namespace: string, interval: string): Promise<Bird> {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bird-"));
    await writeFile(join(folder, "bird.conf"), configuration(interval));
    const args = ["-f", "-c", join(folder, "bird.conf"), "-s", join(folder, "ctl"), "-P", join(folder, "pid")];
    const child = spawn("ip", ["netns", "exec", namespace, "bird", ...args], { stdio: "ignore" });
    return new Bird(folder, child);
  }

  /** State of each session by the neighbour's address. */
  async states(): Promise<Map<string, string>> {
    const shown = await run("birdc", ["-s", join(this.#folder, "ctl"), "show", "bfd", "sessions"]).catch(
      () => undefined,
    );
    const rows = (shown?.stdout ?? "").matchAll(/^([0-9a-f.:]+)\s+\S+\s+(Up|Down|Init|AdminDown)\b/gm);
    return new Map([...rows].map(([, neighbour = "", state = ""]) => [neighbour, state]));
  }

  async reconfigure(interval: string): Promise<void> {
    await writeFile(join(this.#folder, "bird.conf"), configuration(interval));
    await run("birdc", ["-s", join(this.#folder, "ctl"), "configure"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(interval: string): string {
  return `
router id 10.0.0.2;
protocol device {}
protocol bfd {
  interface "*" { ${interval} };
  ${ours.map((text) => `neighbor ${text} dev "eth0";`).join("\n  ")}
}
`;
}

for (const ms of [300, 50]) {
  test(`sessions with BIRD of IPv4 and IPv6 come up at ${ms} ms × 3, change, and go down when the cable is cut`, async (t) => {
    using neighbour = new Neighbour("bird", ["10.0.0.1/24", "2001:db8::1/64"], ["10.0.0.2/24", "2001:db8::2/64"]);
    await using bird = await Bird.start(neighbour.name, `interval ${ms} ms; multiplier 3;`);
    await using stack = new AsyncDisposableStack();
    const agent = new BfdAgent();
    stack.defer(() => agent.stop());
    const changes: BfdChange[] = [];
    agent.onChange((change) => changes.push(change));
    const set = (config: Partial<SessionConfig>) =>
      agent.setSessions(theirs.map((name) => ({ name, remoteAddress: address(name), ...config })));
    const agreed = (transmitMs: number, detectionMs: number) =>
      until(`${transmitMs} ms and a detection time of ${detectionMs} ms are agreed on`, async () => {
        const { sessions } = await agent.status();
        return sessions.every(
          ({ transmitIntervalMs, detectionTimeMs }) =>
            transmitIntervalMs === transmitMs && detectionTimeMs === detectionMs,
        );
      });
    const birdSays = async (state: string) => {
      const states = await bird.states();
      return ours.every((text) => states.get(text) === state);
    };

    set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    await until("both sessions are up on both sides", async () => {
      return theirs.every((name) => agent.states.get(name) === "up") && (await birdSays("Up"));
    });
    await agreed(ms, 3 * ms);
    set({ transmitIntervalMs: 4 * ms, receiveIntervalMs: 2 * ms });
    await agreed(4 * ms, 6 * ms);
    await bird.reconfigure(`interval ${3 * ms} ms; multiplier 5;`);
    await agreed(4 * ms, 15 * ms);
    set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    await bird.reconfigure(`interval ${ms} ms; multiplier 3;`);
    await agreed(ms, 3 * ms);
    const { sessions } = await agent.status();
    assert.deepEqual(
      sessions.map(({ timesUp, timesDown }) => [timesUp, timesDown]),
      [
        [1, 0],
        [1, 0],
      ],
    );

    const [seconds, nanoseconds] = process.hrtime();
    const cutAt = seconds * 1_000 + nanoseconds / 1_000_000;
    cutBothWays(neighbour);
    await until("both sides call both down", async () => {
      return theirs.every((name) => agent.states.get(name) === "down") && (await birdSays("Down"));
    });
    for (const { peer, state, diagnostic, atMs } of changes.slice(-2)) {
      assert.deepEqual([state, diagnostic], ["down", "detection-time-expired"]);
      t.diagnostic(`${peer}: down ${(atMs - cutAt).toFixed(0)} ms after the cable was cut`);
    }
    neighbour.mend();
  });
}
