import { isDeepStrictEqual } from "node:util";
import { WorkQueue, type Client, type Informer } from "../kubernetes/client/index.ts";
import { Rollout, type Node, type NodeReport } from "../kubernetes/resources/index.ts";
import {
  decideRollout,
  isNodeChanged,
  type Configuration,
  type RolloutNode,
  type RolloutState,
} from "../plan/index.ts";
import { rolloutName, type ConfigurationWatch } from "../snapshot/index.ts";
import { isConflict } from "./addresses/index.ts";
import { Patience } from "./patience.ts";
import { retries } from "./retries.ts";

interface Modules {
  readonly client: Client;
  readonly onFailure: (what: string, error: unknown) => void;
  readonly log: { info(about: object, message: string): void };
}

interface Heard {
  readonly nodes: Informer<Node>;
  readonly reports: Informer<NodeReport>;
}

/** A node that has a permit says so within this time, unless its agent is away. */
const answerMs = 15_000;
/** And comes to a verdict within this one: twice as long as an agent tries by default. */
const verdictMs = 60_000;
/** What was kept is given so long to bring a lost session back, before what was refused is tried again. */
const restMs = 10_000;
/** How often it is looked whether the API server is there again. */
const awayMs = 500;

/**
 * Writes down what the plan decides of a change to the configuration: who may try it, whether it is kept. Each step is a
 * compare-and-swap on the Rollout, so that of two controllers that both believe that they lead only one takes it.
 */
export class RolloutKeeper {
  readonly #modules: Modules;
  readonly #namespace: string;
  readonly #configuration: ConfigurationWatch;
  readonly #heard: Heard;
  readonly #queue: WorkQueue;
  readonly #running: Promise<void>;
  readonly #patience: Patience;
  readonly #signal: AbortSignal;

  constructor(
    modules: Modules,
    namespace: string,
    configuration: ConfigurationWatch,
    heard: Heard,
    signal: AbortSignal,
  ) {
    this.#modules = modules;
    this.#namespace = namespace;
    this.#configuration = configuration;
    this.#heard = heard;
    this.#signal = signal;
    this.#queue = new WorkQueue(() => this.#decide(), { backoff: retries, onFailure: modules.onFailure });
    this.#patience = new Patience(() => this.look(), signal);
    this.#running = this.#queue.run(signal);
  }

  /** To be called whenever the configuration, its Rollout, a Node or a report may be another. */
  look(): void {
    if (this.#configuration.isSynced) this.#queue.add("Rollout");
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #decide(): Promise<void> {
    // While we hear nothing, nobody is silent: they are given their time anew when the API server is there again.
    if ([this.#heard.nodes, this.#heard.reports].some((each) => each.staleSince !== undefined)) {
      this.#patience.forget();
      return this.#queue.addAfter("Rollout", awayMs);
    }
    const { rollout, written } = this.#configuration;
    const before = rollout?.spec;
    this.#patience.about(before?.attempts ?? 0);
    const after = decideRollout({
      rollout: before,
      written: written?.revision,
      nodes: this.#nodes(before, written?.configuration),
      hasRested: before?.refused !== undefined && this.#patience.isOver("rest", restMs),
    });
    if (after === undefined || isDeepStrictEqual(after, before)) return;
    const { refused, candidate, kept } = after;
    this.#modules.log.info({ kept: kept.revision, candidate, refused }, "the rollout of the configuration goes on");
    await this.#write(rollout, after).catch((error: unknown) => {
      // Somebody else wrote it: the watch brings it, and it is decided again.
      if (!isConflict(error)) throw error;
    });
  }

  async #write(rollout: Rollout | undefined, { kept, ...state }: RolloutState): Promise<void> {
    const { client } = this.#modules;
    const { revision } = kept;
    const text = this.#configuration.written?.revision === revision ? this.#configuration.written.text : undefined;
    const objects = rollout?.spec.kept.revision === revision ? rollout.spec.kept.objects : text;
    const spec = { ...state, kept: objects === undefined ? { revision } : { revision, objects } };
    if (rollout === undefined) {
      const metadata = { namespace: this.#namespace, name: rolloutName };
      await client.create(Rollout, { metadata, spec }, { signal: this.#signal });
    } else {
      await client.update(Rollout, { ...rollout, spec }, { signal: this.#signal });
    }
  }

  #nodes(rollout: Rollout["spec"] | undefined, written: Configuration | undefined): RolloutNode[] {
    const kept = this.#configuration.state.configuration;
    if (written === undefined) return [];
    const reports = new Map(
      [...this.#heard.reports.cache.values()].map((report) => [report.metadata.name, report.status]),
    );
    return [...this.#heard.nodes.cache.values()].map((node): RolloutNode => {
      const { name } = node.metadata;
      const report = reports.get(name);
      const sessions = (report?.sessions ?? []).filter((session) => session.state === "Established");
      return {
        name,
        isHeard: report !== undefined && isReady(node) && !this.#isSilent(name, report, rollout?.candidate),
        isChanged: kept === undefined || isNodeChanged(node, kept, written),
        holds: sessions.map((session) => session.peer),
        ...(report?.trial === undefined ? {} : { trial: report.trial }),
      };
    });
  }

  /** It has a permit, and has not said for too long that it uses it, or what came of it. */
  #isSilent(
    node: string,
    { trial }: NonNullable<NodeReport["status"]>,
    candidate: Rollout["spec"]["candidate"],
  ): boolean {
    if (candidate?.permits.some((permit) => permit.node === node) !== true) return false;
    const { attempt, stage } = candidate;
    if (trial?.attempt !== attempt) return this.#patience.isOver(`${stage} ${node}`, answerMs);
    if (trial.state !== "trying") return false;
    return this.#patience.isOver(`${stage} ${node} trying`, verdictMs);
  }
}

/** A Node that no kubelet speaks for says nothing of it. */
function isReady({ status }: Node): boolean {
  const ready = status?.conditions?.find((each) => each.type === "Ready");
  return ready === undefined || ready.status === "True";
}
