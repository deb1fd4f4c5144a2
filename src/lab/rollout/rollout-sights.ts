import type { Rollout } from "../../kubernetes/resources/index.ts";
import type { BgpCluster } from "../bgp/bgp-cluster.ts";
import { sessionsOf, type SwitchSession } from "../bgp/switch-view.ts";
import { addressOn } from "../topology.ts";
import { until } from "../until.ts";

/** What the switch says of its session with one node. */
interface NodeSession extends Pick<SwitchSession, "state" | "as" | "drops"> {
  readonly node: string;
}

/** What can be seen of a change on its way, by kubectl and on the switch. */
export class RolloutSights {
  readonly #cluster: BgpCluster;
  readonly #signal: AbortSignal;

  constructor(cluster: BgpCluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#signal = signal;
  }

  async rollout(): Promise<Rollout["spec"] | undefined> {
    const list = ["get", "rollouts", "-n", "metallb-system"];
    const { items } = await this.#cluster.json<{ readonly items: readonly Rollout[] }>(list, this.#signal);
    return items[0]?.spec;
  }

  rolloutIs(what: string, as: (rollout: Rollout["spec"]) => boolean): Promise<Rollout["spec"]> {
    return this.#until(`the Rollout says ${what}`, async () => {
      const rollout = await this.rollout();
      return rollout !== undefined && as(rollout) && rollout;
    });
  }

  /** Resolves when what is written is kept, and another than `before`. */
  keptAfter(before: string): Promise<Rollout["spec"]> {
    return this.rolloutIs(
      "that the change is kept",
      ({ kept, candidate, refused }) => kept.revision !== before && candidate === undefined && refused === undefined,
    );
  }

  async sessions(): Promise<readonly NodeSession[]> {
    const sessions = await sessionsOf(this.#cluster.switch);
    return this.#cluster.nodes.map((node) => {
      const session = sessions.find((each) => each.address === this.#addressOf(node));
      return { node, state: session?.state ?? "", as: session?.as ?? 0, drops: session?.drops ?? 0 };
    });
  }

  allEstablished(): Promise<readonly NodeSession[]> {
    return this.#until("the switch has all its sessions", async () => {
      const sessions = await this.sessions();
      return sessions.every((each) => each.state === "Established") && sessions;
    });
  }

  /** How often each session was lost while `act` went on, and who was seen without one at the same time. */
  async lostDuring(
    act: () => Promise<void>,
  ): Promise<{ readonly drops: readonly number[]; readonly mostDown: number }> {
    const before = await this.sessions();
    let mostDown = 0;
    const over = new AbortController();
    const look = async () => {
      while (!over.signal.aborted) {
        const down = (await this.sessions()).filter((each) => each.state !== "Established").length;
        mostDown = Math.max(mostDown, down);
      }
    };
    await Promise.all([look(), act().finally(() => over.abort())]);
    const after = await this.sessions();
    return { drops: after.map((each, index) => each.drops - (before[index]?.drops ?? 0)), mostDown };
  }

  /** Resolves when these nodes' routes carry the community, with the moment at which each was first seen to. */
  async communityReaches(prefix: string, community: string): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<string, number>();
    await this.#until(`all routes carry ${community}`, async () => {
      const { paths = [] } = (await this.#cluster.switch.show(`bgp ipv4 unicast ${prefix}`)) as FrrPrefix;
      for (const path of paths) {
        const node = this.#cluster.nodes.find((each) => this.#addressOf(each) === path.nexthops[0]?.ip);
        const has = path.community?.list?.includes(community) === true;
        if (node !== undefined && has && !seen.has(node)) seen.set(node, performance.now());
      }
      return seen.size === this.#cluster.nodes.length;
    });
    return seen;
  }

  /** The messages of the events about a BGPPeer that have this reason: they follow what they tell of. */
  async events(peer: string, reason: string): Promise<readonly string[]> {
    const about = `involvedObject.name=${peer},reason=${reason}`;
    const list = ["get", "events", "-A", "--field-selector", about];
    return this.#until(`an event ${reason} about ${peer}`, async () => {
      const { items } = await this.#cluster.json<{ items: { message: string }[] }>(list, this.#signal);
      return items.length > 0 && items.map((each) => each.message);
    });
  }

  async condition(peer: string): Promise<string> {
    const get = ["get", "bgppeer", peer, "-n", "metallb-system"];
    const { status } = await this.#cluster.json<PeerStatus>(get, this.#signal);
    const valid = status?.conditions?.find((each) => each.type === "Valid");
    return valid === undefined ? "" : `Valid=${valid.status} ${valid.reason}: ${valid.message}`;
  }

  patchPeer(spec: object): Promise<string> {
    return this.#patch("bgppeer", "l3-switch", spec);
  }

  patchAdvertisement(spec: object): Promise<string> {
    return this.#patch("bgpadvertisement", "default", spec);
  }

  #patch(kind: string, name: string, spec: object): Promise<string> {
    const patch = JSON.stringify({ spec });
    const args = ["patch", kind, name, "-n", "metallb-system", "--type=merge", "-p", patch];
    return this.#cluster.kubectl(args, this.#signal);
  }

  #addressOf(node: string): string {
    return addressOn(this.#cluster.lab.host(node), "data");
  }

  #until<Value>(what: string, ask: () => Promise<Value | false>): Promise<Value> {
    return until<Value>(what, ask, { signal: this.#signal, everyMs: 50, timeoutMs: 60_000 });
  }
}

interface FrrPrefix {
  readonly paths?: readonly {
    readonly nexthops: readonly { readonly ip: string }[];
    readonly community?: { readonly list?: readonly string[] };
  }[];
}

interface PeerStatus {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
  };
}
