import type { NodeReport, Rollout } from "../../kubernetes/resources/index.ts";
import type { BgpCluster } from "../bgp/bgp-cluster.ts";
import { sessionsOf, type SwitchSession } from "../bgp/switch-view.ts";
import { LabError } from "../lab-error.ts";
import { addressOn } from "../topology.ts";
import { until } from "../until.ts";

/** What can be seen of sessions that end and begin again, by kubectl and on the switch. */
export class RestartSights {
  readonly #cluster: BgpCluster;
  readonly #signal: AbortSignal;

  constructor(cluster: BgpCluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#signal = signal;
  }

  /** The switch's session with a node. */
  async session(node: string): Promise<SwitchSession> {
    const address = addressOn(this.#cluster.lab.host(node), "data");
    const session = (await sessionsOf(this.#cluster.switch)).find((each) => each.address === address);
    if (session === undefined) throw new LabError("lab.noSuchHost", `the switch has no neighbour ${address}`);
    return session;
  }

  /** Resolves when the session is established again. */
  async establishedAfter(node: string, before: SwitchSession): Promise<void> {
    await this.#until(`the switch has another session with ${node}`, async () => {
      const { state, timesEstablished } = await this.session(node);
      return state === "Established" && timesEstablished > before.timesEstablished;
    });
  }

  /** Resolves when what is written is kept, and each agent reports that its session can be restarted. */
  async settled(): Promise<void> {
    await this.#until("the configuration is kept", async () => {
      const list = ["get", "rollouts", "-n", "metallb-system"];
      const { items } = await this.#cluster.json<{ items: Rollout[] }>(list, this.#signal);
      return items[0] !== undefined && items[0].spec.candidate === undefined;
    });
    await this.#until("graceful restart is on for each session", async () => {
      const { items } = await this.#cluster.json<{ items: NodeReport[] }>(["get", "nodereports"], this.#signal);
      const sessions = items.flatMap(({ status }) => status?.sessions ?? []);
      const able = sessions.filter((each) => each.state === "Established" && each.gracefulRestart === true);
      return able.length === this.#cluster.nodes.length;
    });
  }

  async #until(what: string, met: () => Promise<boolean>): Promise<void> {
    await until(what, met, { signal: this.#signal, everyMs: 50, timeoutMs: 60_000 });
  }
}
