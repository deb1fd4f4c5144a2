import { execFileSync } from "node:child_process";
import { parseAddress, type Address } from "../src/net/index.ts";
import { until } from "../src/lab/index.ts";
import { BfdAgent } from "../src/node/bfd/index.ts";
import { Bfdd } from "../test/interop/bfdd.ts";
import { Neighbour } from "../test/interop/namespaces.ts";

export const ours = "10.0.0.1";
export const beside = "10.0.1.1";
const switchToUs = "10.0.0.2";
const switchToBeside = "10.0.1.2";

/**
 * A switch that runs FRR's bfdd, and on it two that watch it: our agent in this process, and another bfdd. Each has a
 * cable and a namespace of its own.
 */
export class BfdStage implements AsyncDisposable {
  readonly switchNamespace: string;
  readonly switch: Bfdd;
  readonly agent: BfdAgent;
  readonly #beside: Bfdd;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: { switchNamespace: string; switch: Bfdd; beside: Bfdd; agent: BfdAgent },
    stack: AsyncDisposableStack,
  ) {
    this.switchNamespace = parts.switchNamespace;
    this.switch = parts.switch;
    this.#beside = parts.beside;
    this.agent = parts.agent;
    this.#stack = stack;
  }

  static async start(intervalMs: number): Promise<BfdStage> {
    await using stack = new AsyncDisposableStack();
    const switchSide = stack.use(new Neighbour("switch", [`${ours}/24`], [`${switchToUs}/24`]));
    const besideSide = stack.use(new Neighbour("beside", ["10.0.9.1/24"], ["10.0.9.2/24"]));
    ip(`link add to-beside netns ${switchSide.name} type veth peer name to-switch netns ${besideSide.name}`);
    for (const [namespace, address, link] of [
      [switchSide.name, switchToBeside, "to-beside"],
      [besideSide.name, beside, "to-switch"],
    ]) {
      ip(`-n ${namespace} address add ${address}/24 dev ${link}`);
      ip(`-n ${namespace} link set ${link} up`);
    }
    const peer = (remote: string, local: string) => [
      `peer ${remote} local-address ${local}`,
      ` receive-interval ${intervalMs}`,
      ` transmit-interval ${intervalMs}`,
    ];
    const switchPeers = [...peer(ours, switchToUs), ...peer(beside, switchToBeside)];
    // A switch is a machine of its own, which does not wait for a processor because we are busy.
    const onSwitch = stack.use(await Bfdd.start(switchSide.name, switchPeers, ["chrt", "--rr", "2"]));
    const besideUs = stack.use(await Bfdd.start(besideSide.name, peer(switchToBeside, beside)));
    const agent = new BfdAgent();
    stack.defer(() => agent.stop());
    agent.setSessions([
      {
        name: "switch",
        remoteAddress: address(switchToUs),
        localAddress: address(ours),
        transmitIntervalMs: intervalMs,
        receiveIntervalMs: intervalMs,
      },
    ]);
    return new BfdStage({ switchNamespace: switchSide.name, switch: onSwitch, beside: besideUs, agent }, stack.move());
  }

  /** Both sessions are up on both sides. */
  async up(signal: AbortSignal): Promise<void> {
    const isUp = async () => {
      if (this.agent.states.get("switch") !== "up") return false;
      const peers = [...(await this.switch.peers()), ...(await this.#beside.peers())];
      return peers.every(({ status }) => status === "up");
    };
    await until("both sessions are up on both sides", isUp, { everyMs: 20, timeoutMs: 60_000, signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

function ip(args: string): void {
  execFileSync("ip", args.split(" "), { stdio: ["ignore", "ignore", "inherit"] });
}
