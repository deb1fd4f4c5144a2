import type { HostProcess } from "../host-process.ts";

/** An agent that was started: a process on its node, or a pod of its node's kubelet. */
export interface Agent {
  /** False once it has ended by itself. */
  readonly isRunning: () => Promise<boolean>;
  /** In good order: it withdraws first, and leaves after. Resolves with its status; a kubelet does not tell a pod's. */
  readonly stop: () => Promise<number | null | undefined>;
  /** It is gone at once, without a word. */
  readonly kill: () => Promise<void>;
}

/** How long an agent may take to leave in good order. */
const graceMs = 10_000;

export function processAgent(process: HostProcess): Agent {
  return {
    isRunning: () => Promise.resolve(process.running),
    stop: async () => (await process.stop(graceMs)).status,
    kill: async () => void (await process.kill()),
  };
}

/** `kubectl` is asked for it by its name and namespace, `which`. */
export function podAgent(kubectl: (args: readonly string[]) => Promise<string>, which: readonly string[]): Agent {
  const remove = async (...how: readonly string[]) =>
    void (await kubectl(["delete", "pod", ...which, "--ignore-not-found", "--timeout=60s", ...how]));
  return {
    // One whose process has ended is pending until it is started again.
    isRunning: async () => (await kubectl(["get", "pod", ...which, "-o", "jsonpath={.status.phase}"])) === "Running",
    stop: async () => {
      await remove();
      return undefined;
    },
    kill: () => remove("--force", "--grace-period=0"),
  };
}
