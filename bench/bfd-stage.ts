import { execFileSync } from "node:child_process";
import { address } from "../src/net/testing.ts";
import { until } from "../src/lab/index.ts";
import { BfdAgent } from "../src/node/bfd/index.ts";
import { Bfdd } from "../test/interop/bfdd.ts";
import { Neighbour } from "../test/interop/namespaces.ts";

export const ours = "10.0.0.1";
export const beside = "10.0.1.1";
export const switchToUs = "10.0.0.2";
export const switchToBeside = "10.0.1.2";
/** The switch's end of each cable. */
export const links = { ours: "eth0", beside: "to-beside" } as const;

export const asn = { switch: 65210, nodes: 65211 } as const;

interface Parts {
  readonly switchNamespace: string;
  readonly besideNamespace: string;
  readonly switch: Bfdd;
  readonly beside: Bfdd;
  readonly agent: BfdAgent;
}

export interface StageOptions {
  readonly intervalMs: number;
  /** Host route that FRR, beside us, announces to the switch; without it nobody speaks BGP. */
  readonly besideRoute?: string;
}

/**
 * A switch that runs FRR, and on it two that watch it by BFD: our agent in this process, and another FRR. Each has a cable
 * and a namespace of its own.
 */
export class BfdStage implements AsyncDisposable {
  readonly parts: Parts;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.parts = parts;
    this.#stack = stack;
  }

  static async start({ intervalMs, besideRoute }: StageOptions): Promise<BfdStage> {
    await using stack = new AsyncDisposableStack();
    const switchSide = stack.use(new Neighbour("switch", [`${ours}/24`], [`${switchToUs}/24`]));
    const besideSide = stack.use(new Neighbour("beside", ["10.0.9.1/24"], ["10.0.9.2/24"]));
    ip(`link add ${links.beside} netns ${switchSide.name} type veth peer name to-switch netns ${besideSide.name}`);
    for (const [namespace, address, link] of [
      [switchSide.name, switchToBeside, links.beside],
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
    const bgp = besideRoute === undefined ? undefined : bgpOf(besideRoute);
    const switchPeers = [...peer(ours, switchToUs), ...peer(beside, switchToBeside)];
    // A switch is a machine of its own, which does not wait for a processor because we are busy.
    const onSwitch = stack.use(await Bfdd.start(switchSide.name, switchPeers, ["chrt", "--rr", "2"], bgp?.switch));
    const besideUs = stack.use(await Bfdd.start(besideSide.name, peer(switchToBeside, beside), undefined, bgp?.beside));
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
    const namespaces = { switchNamespace: switchSide.name, besideNamespace: besideSide.name };
    return new BfdStage({ ...namespaces, switch: onSwitch, beside: besideUs, agent }, stack.move());
  }

  /** Both sessions are up on both sides. */
  async up(signal: AbortSignal): Promise<void> {
    const isUp = async () => {
      if (this.parts.agent.states.get("switch") !== "up") return false;
      const peers = [...(await this.parts.switch.peers()), ...(await this.parts.beside.peers())];
      return peers.every(({ status }) => status === "up");
    };
    await until("both sessions are up on both sides", isUp, { everyMs: 20, timeoutMs: 60_000, signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Configurations from `router bgp` on; the neighbours' BFD sessions are those that are configured by themselves. */
function bgpOf(besideRoute: string): { readonly switch: string; readonly beside: string } {
  const neighbour = (remote: string, remoteAsn: number) => `
 neighbor ${remote} remote-as ${remoteAsn}
 neighbor ${remote} timers 30 90
 neighbor ${remote} timers connect 1
 neighbor ${remote} bfd`;
  const router = (own: number, id: string) => `
router bgp ${own}
 bgp router-id ${id}
 no bgp ebgp-requires-policy
 no bgp network import-check`;
  return {
    switch: `${router(asn.switch, "1.1.1.1")}${neighbour(ours, asn.nodes)}${neighbour(beside, asn.nodes)}\n`,
    beside: `${router(asn.nodes, beside)}${neighbour(switchToBeside, asn.switch)}
 address-family ipv4 unicast
  network ${besideRoute}
 exit-address-family\n`,
  };
}

function ip(args: string): void {
  execFileSync("ip", args.split(" "), { stdio: ["ignore", "ignore", "inherit"] });
}
