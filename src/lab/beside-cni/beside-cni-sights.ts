import type { BgpCluster } from "../bgp/bgp-cluster.ts";
import { pathsTo } from "../bgp/switch-view.ts";
import { addressOn } from "../topology.ts";
import { until } from "../until.ts";

/** A session of the switch. */
export interface SwitchSession {
  readonly address: string;
  readonly state: string;
  readonly prefixesReceived: number;
  /** How often it was lost since the switch runs. */
  readonly drops: number;
}

/** What can be seen of two speakers on each node: by vtysh on the switch, and by ss on the nodes. */
export class BesideCniSights {
  readonly #cluster: BgpCluster;
  readonly #signal: AbortSignal;

  constructor(cluster: BgpCluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#signal = signal;
  }

  /** The node's own address, which the CNI's daemon speaks from. */
  addressOf(node: string): string {
    return addressOn(this.#cluster.lab.host(node), "data");
  }

  /** Resolves when the sessions with these addresses are up and have brought a prefix each. */
  sessionsUp(addresses: readonly string[]): Promise<readonly SwitchSession[]> {
    return this.#until(`the switch has sessions with ${addresses.join(", ")}`, async () => {
      const sessions = await this.sessionsWith(addresses);
      return sessions.every((each) => each.state === "Established" && each.prefixesReceived > 0) && sessions;
    });
  }

  async sessionsWith(addresses: readonly string[]): Promise<readonly SwitchSession[]> {
    const neighbours = (await this.#cluster.switch.show("bgp neighbors")) as Readonly<Record<string, FrrNeighbour>>;
    return addresses.map((address) => {
      const { bgpState = "unknown", connectionsDropped: drops = 0, addressFamilyInfo } = neighbours[address] ?? {};
      const prefixesReceived = addressFamilyInfo?.ipv4Unicast?.acceptedPrefixCounter ?? 0;
      return { address, state: bgpState, prefixesReceived, drops };
    });
  }

  /**
   * Resolves when the session with `address` was lost `times` more than by now, or another speaker there has it and has
   * brought `prefix`: says which.
   */
  async isDisturbed(address: string, times: number, prefix: string): Promise<string> {
    const dropsNow = async () => (await this.sessionsWith([address]))[0]?.drops ?? 0;
    const before = await dropsNow();
    return this.#until(`the switch loses its session with ${address} again and again, or to another`, async () => {
      if ((await this.nextHopsOf(prefix)).includes(address)) return `the session with ${address} is Fairlead's now`;
      const drops = await dropsNow();
      return drops >= before + times && `the switch has lost its session with ${address} ${drops} times by now`;
    });
  }

  /** From whom the switch has a prefix. */
  async nextHopsOf(prefix: string): Promise<readonly string[]> {
    return (await pathsTo(this.#cluster.switch, prefix)).map((path) => path.nextHop).sort();
  }

  nextHopsBecome(prefix: string, wanted: readonly string[]): Promise<readonly string[]> {
    const sorted = [...wanted].sort().join();
    return this.#until(`the switch has ${prefix} from ${sorted}`, async () => {
      const hops = await this.nextHopsOf(prefix);
      return hops.join() === sorted && hops;
    });
  }

  /** Who listens on BGP's port on a node: `0.0.0.0:179 bird`. */
  async listeners(node: string): Promise<readonly string[]> {
    const text = await this.#cluster.lab.exec(node, ["ss", "-Hlntp", "sport = :179"], { signal: this.#signal });
    return text
      .trim()
      .split("\n")
      .map((line) => `${line.split(/\s+/)[3]} ${/users:\(\("([^"]+)"/.exec(line)?.[1] ?? "nobody"}`);
  }

  /** The line of `fairlead status` about each node's session, once they all match. */
  statusLines(pattern: RegExp): Promise<readonly string[]> {
    return this.#until(`fairlead status says ${pattern.source} of each node`, async () => {
      const text = await this.#cluster.fairlead(["status"], this.#signal);
      const lines = text.split("\n").filter((line) => pattern.test(line));
      return lines.length === this.#cluster.nodes.length && lines.map((line) => line.trim().replaceAll(/ {2,}/g, " "));
    });
  }

  #until<Value>(what: string, ask: () => Promise<Value | false>): Promise<Value> {
    return until<Value>(what, ask, { signal: this.#signal, everyMs: 100, timeoutMs: 60_000 });
  }
}

interface FrrNeighbour {
  readonly bgpState?: string;
  readonly connectionsDropped?: number;
  readonly addressFamilyInfo?: { readonly ipv4Unicast?: { readonly acceptedPrefixCounter?: number } };
}
