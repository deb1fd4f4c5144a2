import { setTimeout as delay } from "node:timers/promises";
import type { Pod } from "../../kubernetes/resources/index.ts";
import type { PodRuntime, RunningPod } from "./pod-runtime.ts";
import type { PodState } from "./pod-status.ts";

const askEveryMs = 50;
/** A kubelet's shortest period. */
const startupPeriodMs = 1000;
const restartAfterMs = 1000;
/** Kubernetes' default for `terminationGracePeriodSeconds`. */
const defaultGraceS = 30;

/** One pod on its node, from the start of its process to the end of it; started again when it ends by itself. */
export class PodWorker {
  readonly pod: Pod;
  readonly #runtime: Pick<PodRuntime, "start">;
  readonly #onChange: () => void;
  readonly #ending = new AbortController();
  #graceMs: number;
  #state: PodState = { phase: "starting" };
  /** When the pod's process has ended for good and nothing is left of it. */
  readonly done: Promise<void>;

  /** `onChange` is told whenever `state` is another. */
  constructor(pod: Pod, runtime: Pick<PodRuntime, "start">, onChange: () => void) {
    this.pod = pod;
    this.#runtime = runtime;
    this.#onChange = onChange;
    this.#graceMs = (pod.spec.terminationGracePeriodSeconds ?? defaultGraceS) * 1000;
    this.done = this.#run();
  }

  get state(): PodState {
    return this.#state;
  }

  /** Ends the pod in good order; at once, where there is no `graceMs` to lose. May be called again. */
  end(graceMs = this.#graceMs): void {
    this.#graceMs = Math.min(graceMs, this.#graceMs);
    this.#ending.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      let running: RunningPod;
      try {
        running = await this.#runtime.start(this.pod, signal);
      } catch (error) {
        if (!signal.aborted) this.#become({ phase: "failed", message: String(error) });
        await pause(restartAfterMs, signal);
        continue;
      }
      await this.#follow(running, signal);
    }
  }

  async #follow(running: RunningPod, signal: AbortSignal): Promise<void> {
    const { addresses } = running;
    this.#become({ phase: "running", addresses, answers: false });
    const over = AbortSignal.any([signal, endOf(running)]);
    while (!over.aborted && !(await running.hasStarted())) await pause(startupPeriodMs, over);
    while (!over.aborted && !(await running.answers())) await pause(askEveryMs, over);
    if (!over.aborted) {
      this.#become({ phase: "running", addresses, answers: true });
      await aborted(over);
    }
    if (!signal.aborted) {
      this.#become({ phase: "failed", message: "The pod's process has ended; it is started again." });
    }
    await running.remove(this.#graceMs);
    if (!signal.aborted) await pause(restartAfterMs, signal);
  }

  #become(state: PodState): void {
    this.#state = state;
    this.#onChange();
  }
}

function endOf(running: RunningPod): AbortSignal {
  const end = new AbortController();
  void running.ended.then(() => end.abort());
  return end.signal;
}

/** Shorter, when the signal is aborted meanwhile. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
