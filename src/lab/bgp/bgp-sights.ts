import { serviceNameLabel, type NodeReport, type Rollout } from "../../kubernetes/resources/index.ts";
import { addressOn } from "../topology.ts";
import type { Observation } from "../story.ts";
import { until } from "../until.ts";
import type { BgpCluster } from "./bgp-cluster.ts";
import { rulesViews } from "./service-rules/service-rules.ts";
import { bfdPeersOf, bgpRouteTo, neighboursOf, pathsTo, type Neighbour } from "./switch-view.ts";

/** What can be seen of the scenario, by the means that its operator has: kubectl, vtysh, curl, nft or ipvsadm. */
export class BgpSights {
  readonly #cluster: BgpCluster;
  readonly #address: string;
  readonly #prefix: string;
  readonly #signal: AbortSignal;

  constructor(cluster: BgpCluster, address: string, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#address = address;
    this.#prefix = `${address}/32`;
    this.#signal = signal;
  }

  addressOf(node: string): string {
    return addressOn(this.#cluster.lab.host(node), "data");
  }

  /** Line 1. */
  async serviceAddress(): Promise<Observation> {
    const ips = await this.#until("the Service has an address", async () => {
      const service = await this.#cluster.json<ServiceView>(["get", "service", "ng-svc"], this.#signal);
      const found = service.status?.loadBalancer?.ingress?.map((each) => each.ip) ?? [];
      return found.length > 0 && found;
    });
    return { ok: ips.join() === this.#address, observed: `kubectl get service ng-svc: ${ips.join(", ")}` };
  }

  /** All sessions of the switch are up. */
  sessions(): Promise<readonly Neighbour[]> {
    return this.#until("the switch has all its sessions", async () => {
      const neighbours = await neighboursOf(this.#cluster.switch);
      return neighbours.every((each) => each.state === "Established") && neighbours;
    });
  }

  /** No session of the switch is up. */
  async areSessionsGone(): Promise<void> {
    await this.#until("the switch has no session any more", async () => {
      const neighbours = await neighboursOf(this.#cluster.switch);
      return neighbours.every((each) => each.state !== "Established");
    });
  }

  /** Line 2. */
  async sessionsWithPrefix(): Promise<Observation> {
    const neighbours = await this.#until("each neighbour of the switch has sent a prefix", async () => {
      const found = await this.sessions();
      return found.every((each) => each.prefixesReceived > 0) && found;
    });
    return {
      ok: neighbours.length === 3 && neighbours.every((each) => each.as === 65_211 && each.prefixesReceived === 1),
      observed: neighbours.map((each) => `${each.address} AS ${each.as} prefixes ${each.prefixesReceived}`).join(", "),
    };
  }

  /** Line 3. */
  async paths(): Promise<Observation> {
    const hops = await this.allNextHops();
    const paths = await pathsTo(this.#cluster.switch, this.#prefix);
    const route = await bgpRouteTo(this.#cluster.switch, this.#prefix);
    const best = paths.filter((path) => path.best);
    const ok =
      paths.length === 3 &&
      best.length === 1 &&
      paths.every((path) => path.multipath && path.asPath === "65211" && path.origin === "incomplete") &&
      route?.distance === 20 &&
      route.metric === 0;
    const told = paths.map(
      ({ nextHop, best: isBest, asPath, origin }) => `${nextHop}${isBest ? " best" : ""} ${asPath} ${origin}`,
    );
    return {
      ok,
      observed: `${told.join("; ")}; show ip route bgp: [${route?.distance}/${route?.metric}] via ${hops.join(", ")}`,
    };
  }

  /** Line 4. */
  async podNames(): Promise<Observation> {
    const pods = (await this.#pods()).map((pod) => pod.metadata.name);
    const names = new Set<string>();
    await this.#until("curl has met all three pods", async () => {
      const curl = ["curl", "-s", "-m", "2", this.#address];
      // A proxy may learn of a pod a moment after this does: one that is not answered asks again.
      const answer = await this.#cluster.lab.exec("client", curl, { signal: this.#signal }).catch(() => "");
      this.#signal.throwIfAborted();
      if (answer !== "") names.add(answer.split("\n")[0] ?? "");
      return names.size === pods.length;
    });
    return { ok: pods.every((pod) => names.has(pod)), observed: `curl ${this.#address}: ${[...names].join(", ")}` };
  }

  /** What line 5 comes to with the cluster's proxy. */
  get whatRulesSay(): string {
    return rulesViews[this.#cluster.proxy].what;
  }

  /** Line 5: on each node the address is taken to the three pods and to nothing else, masqueraded. */
  async nodeRules(): Promise<Observation> {
    const pods = (await this.#pods()).map((pod) => `${pod.status?.podIP}:80`).sort();
    const { rulesOn } = rulesViews[this.#cluster.proxy];
    const { lab, nodes } = this.#cluster;
    const seen = await Promise.all(nodes.map(async (node) => ({ node, ...(await rulesOn(lab, node, this.#address)) })));
    return {
      ok: seen.every(({ ok, endpoints }) => ok && endpoints.join() === pods.join()),
      observed: seen
        .map(({ node, verdict, endpoints }) => `${node}: ${this.#address}:80 ${verdict} ${endpoints.join(" ")}`)
        .join("; "),
    };
  }

  /** What the product says itself, without a login on the switch. */
  async explanation(): Promise<Observation> {
    const text = await this.#until("the agents have reported their sessions", async () => {
      const told = await this.#cluster.fairlead(["explain", "service", "default/ng-svc"], this.#signal);
      return (
        told.split("session with l3-switch: Established").length +
          told.split("session with peer1: Established").length ===
          5 && told
      );
    });
    const announcers = text
      .split("\n")
      .filter((line) => line.endsWith(": announces"))
      .map((line) => line.trim());
    const because =
      text
        .split("\n")
        .find((line) => line.trim().startsWith("because"))
        ?.trim() ?? "";
    return {
      ok: announcers.length === 3 && because.includes(this.#address),
      observed: [because, ...announcers].join("; "),
    };
  }

  /** The switch's BFD sessions, when all are up. */
  bfdSessions(): Promise<string> {
    return this.#until("the switch has all its BFD sessions", async () => {
      const peers = await bfdPeersOf(this.#cluster.switch);
      const up = peers.filter((peer) => peer.status === "up");
      return (
        up.length === this.#cluster.nodes.length &&
        `up: ${up
          .map((peer) => peer.address)
          .sort()
          .join(", ")}`
      );
    });
  }

  /** Resolves when every node's agent sees all other nodes, and none dead. */
  async nodesInSight(): Promise<void> {
    await this.#until("the nodes see each other", async () => {
      const { items } = await this.#cluster.json<{ items: NodeReport[] }>(["get", "nodereports"], this.#signal);
      const others = this.#cluster.nodes.length - 1;
      return this.#cluster.nodes.every((name) => {
        const seen = items.find(({ metadata }) => metadata.name === name)?.status?.nodeDetection;
        return seen?.answering === others && seen.dead.length === 0;
      });
    });
  }

  /** The node whose path the switch has chosen as the best. */
  async bestNode(): Promise<string> {
    const best = (await pathsTo(this.#cluster.switch, this.#prefix)).find((path) => path.best)?.nextHop;
    const node = this.#cluster.nodes.find((each) => this.addressOf(each) === best);
    if (node === undefined)
      throw new Error(`the switch's best path to ${this.#prefix} is by no node: ${best ?? "none"}`);
    return node;
  }

  allNextHops(): Promise<readonly string[]> {
    return this.nextHopsBecome(this.#cluster.nodes.map((node) => this.addressOf(node)));
  }

  /** Resolves when the switch forwards to just these. */
  nextHopsBecome(wanted: readonly string[]): Promise<readonly string[]> {
    const sorted = [...wanted].sort().join();
    return this.#until(`the switch's next hops are ${sorted}`, async () => {
      const hops = (await bgpRouteTo(this.#cluster.switch, this.#prefix))?.nextHops ?? [];
      return hops.join() === sorted && hops;
    });
  }

  /** Resolves when Kubernetes knows that the node is dead: its pods are endpoints no more. */
  async knownDead(node: string): Promise<void> {
    const ask = async () => {
      const { status } = await this.#cluster.json<NodeStatus>(["get", "node", node], this.#signal);
      return status?.conditions?.some((each) => each.type === "Ready" && each.status !== "True") ?? false;
    };
    const timeoutMs = this.#cluster.api.deathKnownWithinMs;
    await until(`${node} is known to be dead`, ask, { signal: this.#signal, everyMs: 50, timeoutMs });
  }

  isRouteGone(): Promise<true> {
    return this.#until("the switch has no route left", async () => {
      return (await bgpRouteTo(this.#cluster.switch, this.#prefix)) === undefined;
    });
  }

  /**
   * Also pods that are only being deleted, and slices of a Service that is deleted already: the next Service of the name
   * finds them as its own, and is announced because of them until they are gone.
   */
  areEndpointsGone(): Promise<true> {
    const slicesOf = ["get", "endpointslices", "-l", `${serviceNameLabel}=ng-svc`];
    return this.#until("there is no pod and no slice of endpoints any more", async () => {
      const slices = await this.#cluster.json<{ items: readonly unknown[] }>(slicesOf, this.#signal);
      return slices.items.length === 0 && (await this.#allPods()).length === 0;
    });
  }

  /**
   * No change to the configuration is under way. One that overtakes another has the nodes go back to what was kept until
   * their turn comes.
   */
  async areChangesKept(): Promise<void> {
    const rolloutsOf = ["get", "rollouts", "-n", "metallb-system"];
    await this.#until("no change is under way any more", async () => {
      const { items } = await this.#cluster.json<{ items: readonly Rollout[] }>(rolloutsOf, this.#signal);
      return items.every(({ spec }) => spec.candidate === undefined);
    });
  }

  async #pods(): Promise<readonly PodView[]> {
    return (await this.#allPods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  async #allPods(): Promise<readonly PodView[]> {
    const argv = ["get", "pods", "-l", "app=con-test"];
    return (await this.#cluster.json<{ items: PodView[] }>(argv, this.#signal)).items;
  }

  #until<Value>(what: string, ask: () => Promise<Value | false>): Promise<Value> {
    return until<Value>(what, ask, { signal: this.#signal, everyMs: 50 });
  }
}

interface ServiceView {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] } };
}

interface PodView {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly podIP?: string };
}

interface NodeStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
