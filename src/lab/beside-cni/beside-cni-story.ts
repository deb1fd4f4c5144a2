import { manifest, type BgpCluster, type ClusterChoices } from "../bgp/bgp-cluster.ts";
import { BgpSights } from "../bgp/bgp-sights.ts";
import { tellOnCluster } from "../bgp/tell-on-cluster.ts";
import type { Audience, Observation, Story, StoryReport } from "../story.ts";
import { addressOn } from "../topology.ts";
import { BesideCniSights } from "./beside-cni-sights.ts";
import { nodeAsn, restartGracefully, startCniDaemon } from "./cni-daemon.ts";

const address = "172.19.100.1";
const prefix = `${address}/32`;

/** Where the nodes have their second addresses. */
const sourceRange = "10.10.2.0/28";

/** Tells how Fairlead speaks beside a CNI's BGP daemon, on a lab that is built for it and removed after it. */
export async function tellBesideCniStory(
  audience: Audience,
  signal: AbortSignal,
  choices: ClusterChoices,
): Promise<StoryReport> {
  const options = { ...choices, signal, agentArguments: ["--bgp-port", "0"] };
  return tellOnCluster("beside-cni", audience, options, (cluster, story) => new Telling(cluster, story, signal).tell());
}

class Telling {
  readonly #cluster: BgpCluster;
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #sights: BesideCniSights;
  readonly #bgp: BgpSights;
  readonly #router: string;
  /** How often the CNI's sessions were lost before Fairlead had an address of its own. */
  #dropsBefore: readonly number[] = [];

  constructor(cluster: BgpCluster, story: Story, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#story = story;
    this.#signal = signal;
    this.#router = addressOn(cluster.lab.host("switch"), "data");
    this.#sights = new BesideCniSights(cluster, signal);
    this.#bgp = new BgpSights(cluster, address, signal);
  }

  async tell(): Promise<void> {
    await this.#step("1. each node's CNI has a session with the switch, and announces the node's pods", () =>
      this.#cniSpeaks(),
    );
    await this.#step("2. Fairlead from the same address: the switch refuses it, and fairlead status says why", () =>
      this.#refused(),
    );
    await this.#step(
      "2. where the CNI has graceful restart, as Calico's: Fairlead's attempts cost it its session",
      () => this.#taken(),
    );
    await this.#step("3. each node gets a second address, and Fairlead is told to speak from it", () =>
      this.#secondAddress(),
    );
    await this.#step("4. pods by the CNI's session, the Service by Fairlead's", () => this.#bothAnnounce());
    await this.#step("5. port 179 is the CNI's on each node", () => this.#port());
    await this.#step("6. curl is answered by different pods", () => this.#bgp.podNames());
    await this.#step("7. an agent is restarted, and the CNI's sessions go on", () => this.#restarted());
  }

  #step(name: string, see: () => Promise<Observation>): Promise<void> {
    return this.#story.step(name, see, this.#signal);
  }

  get #nodes(): readonly string[] {
    return this.#cluster.nodes;
  }

  get #cniAddresses(): readonly string[] {
    return this.#nodes.map((node) => this.#sights.addressOf(node));
  }

  /** 10.10.2.12 for 10.10.2.112. */
  #secondOf(node: string): string {
    return this.#sights.addressOf(node).replace(/\.1(\d\d)$/, ".$1");
  }

  get #secondAddresses(): readonly string[] {
    return this.#nodes.map((node) => this.#secondOf(node));
  }

  async #cniSpeaks(): Promise<Observation> {
    // Connections that cross would cost a session of their own.
    const passive = this.#cniAddresses.map((each) => `neighbor ${each} passive`);
    await this.#cluster.switch.configure(["router bgp 65210", ...passive], { signal: this.#signal });
    for (const node of this.#nodes) await startCniDaemon(this.#cluster.lab, node, this.#router, this.#signal);
    const sessions = await this.#sights.sessionsUp(this.#cniAddresses);
    const pods = await this.#podRoutes();
    return {
      ok: sessions.length === 3,
      observed: `${sessions.map((each) => `${each.address} ${each.state}`).join(", ")}; ${pods.join(", ")}`,
    };
  }

  /** The pods of each node, from the node's CNI. */
  async #podRoutes(): Promise<readonly string[]> {
    return Promise.all(
      this.#nodes.map(async (node) => {
        const { podCidr = "" } = this.#cluster.lab.host(node);
        await this.#sights.nextHopsBecome(podCidr, [this.#sights.addressOf(node)]);
        return `${podCidr} via ${this.#sights.addressOf(node)}`;
      }),
    );
  }

  async #refused(): Promise<Observation> {
    await this.#cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")], this.#signal);
    const lines = await this.#sights.statusLines(/it has another session with our address/);
    const sessions = await this.#sights.sessionsWith(this.#cniAddresses);
    const isUntouched = sessions.every((each) => each.state === "Established" && each.drops === 0);
    return {
      ok: isUntouched && (await this.#sights.nextHopsOf(prefix)).length === 0,
      observed: `${lines[0]}; the CNI's sessions: ${sessions.map((each) => `${each.state}, lost ${each.drops} times`).join("; ")}`,
    };
  }

  /**
   * RFC 4724 §4.2: a router takes a new connection for the restart of the speaker that it has a session with, and ends
   * that. If ours comes while there is none it even stays, for without graceful restart nobody takes it from us.
   */
  async #taken(): Promise<Observation> {
    const [node = ""] = this.#nodes;
    await restartGracefully(this.#cluster.lab, node, this.#router, this.#signal);
    return { ok: true, observed: await this.#sights.isDisturbed(this.#sights.addressOf(node), 3, prefix) };
  }

  async #secondAddress(): Promise<Observation> {
    const { lab } = this.#cluster;
    for (const node of this.#nodes) {
      await lab.exec(node, ["ip", "address", "add", `${this.#secondOf(node)}/24`, "dev", "eth0"]);
    }
    // The switch must not dial there: on port 179 of any address it meets the CNI's daemon, which may know it.
    const neighbours = this.#secondAddresses.flatMap((second) => [
      `neighbor ${second} remote-as ${nodeAsn}`,
      `neighbor ${second} passive`,
    ]);
    await this.#cluster.switch.configure(["router bgp 65210", ...neighbours], { signal: this.#signal });
    const annotation = `fairlead.dev/source-from=${sourceRange}`;
    const args = ["annotate", "bgppeer", "l3-switch", "-n", "metallb-system", annotation];
    const said = await this.#cluster.kubectl(args, this.#signal);
    const sessions = await this.#sights.sessionsUp([...this.#cniAddresses, ...this.#secondAddresses]);
    this.#dropsBefore = sessions.slice(0, this.#nodes.length).map((each) => each.drops);
    return {
      ok: true,
      observed: `kubectl annotate … ${annotation}: ${said.trim()}; ${sessions.map((each) => `${each.address} ${each.state}`).join(", ")}`,
    };
  }

  async #bothAnnounce(): Promise<Observation> {
    const pods = await this.#podRoutes();
    const hops = await this.#sights.nextHopsBecome(prefix, this.#secondAddresses);
    return { ok: true, observed: `${pods.join(", ")}; ${prefix} via ${hops.join(", ")}` };
  }

  async #port(): Promise<Observation> {
    const all = await Promise.all(
      this.#nodes.map(async (node) => ({ node, listeners: await this.#sights.listeners(node) })),
    );
    return {
      ok: all.every(({ listeners }) => listeners.length > 0 && listeners.every((each) => each.endsWith(" bird"))),
      observed: all.map(({ node, listeners }) => `${node}: ss -lntp: ${listeners.join(", ")}`).join("; "),
    };
  }

  async #restarted(): Promise<Observation> {
    const [node = "", ...others] = this.#nodes;
    await this.#cluster.stopAgent(node);
    const left = await this.#sights.nextHopsBecome(
      prefix,
      others.map((each) => this.#secondOf(each)),
    );
    await this.#cluster.startAgent(node);
    const back = await this.#sights.nextHopsBecome(prefix, this.#secondAddresses);
    const sessions = await this.#sights.sessionsUp(this.#cniAddresses);
    const drops = sessions.map((each, index) => each.drops - (this.#dropsBefore[index] ?? 0));
    return {
      ok: drops.every((each) => each === 0),
      observed: `${prefix} via ${left.join(", ")}, then ${back.join(", ")}; the CNI's sessions were lost ${drops.join(", ")} times since step 3`,
    };
  }
}
