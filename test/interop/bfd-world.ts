import { address } from "../../src/net/testing.ts";
import { BfdAgent, type BfdChange } from "../../src/node/bfd/index.ts";
import type { SessionConfig } from "../../src/protocols/bfd/index.ts";
import { Bfdd } from "./bfdd.ts";
import { until } from "./frr.ts";
import { Neighbour } from "./namespaces.ts";

export const theirs = ["10.0.0.2", "2001:db8::2"] as const;
export const ours = ["10.0.0.1", "2001:db8::1"] as const;

/** A cable with our agent at one end and FRR's bfdd at the other, a session for IPv4 and one for IPv6. */
export class BfdWorld implements AsyncDisposable {
  readonly neighbour: Neighbour;
  readonly bfdd: Bfdd;
  readonly agent: BfdAgent;
  readonly changes: BfdChange[] = [];
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<BfdWorld, "neighbour" | "bfdd" | "agent">, stack: AsyncDisposableStack) {
    this.neighbour = parts.neighbour;
    this.bfdd = parts.bfdd;
    this.agent = parts.agent;
    this.#stack = stack;
    this.agent.onChange((change) => this.changes.push(change));
  }

  /** `lines` are added to each peer of FRR; `config` to each session of ours. */
  static async start(lines: readonly string[], config: Partial<SessionConfig>, how = ""): Promise<BfdWorld> {
    await using stack = new AsyncDisposableStack();
    const neighbour = stack.use(
      new Neighbour("bfdd", ["10.0.0.1/24", "2001:db8::1/64"], ["10.0.0.2/24", "2001:db8::2/64"]),
    );
    const peers = ours.flatMap((text, index) => [
      `peer ${text} ${how} local-address ${theirs[index]}`,
      ...lines.map((line) => ` ${line}`),
    ]);
    const bfdd = stack.use(await Bfdd.start(neighbour.name, peers));
    const agent = new BfdAgent();
    stack.defer(() => agent.stop());
    const world = new BfdWorld({ neighbour, bfdd, agent }, stack.move());
    world.set(config);
    return world;
  }

  set(config: Partial<SessionConfig>): void {
    this.agent.setSessions(
      theirs.map((name, index) => ({
        name,
        remoteAddress: address(name),
        localAddress: address(ours[index] ?? ""),
        ...config,
      })),
    );
  }

  async up(): Promise<void> {
    await until("both sessions are up on both sides", async () => {
      if (!theirs.every((name) => this.agent.states.get(name) === "up")) return false;
      return (await this.bfdd.peers()).every(({ status }) => status === "up");
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
