import { pino, type Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { Client, loadKubeconfig } from "../kubernetes/client/index.ts";
import { AgentPort, type AgentPortOptions } from "./agent-port.ts";

/** What every long-running process of ours has. */
export interface AgentProcess {
  readonly client: Client;
  readonly registry: Registry;
  readonly log: Logger;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /** Still to be opened. */
  readonly port: AgentPort;
}

export interface AgentProcessOptions extends AgentPortOptions {
  readonly kubeconfig?: string;
  readonly logLevel: string;
}

/** Runs `main` with all that a process needs, and stops it in good order. */
export async function runAgentProcess(
  name: string,
  options: AgentProcessOptions,
  main: (agent: AgentProcess) => Promise<void>,
): Promise<void> {
  const log = pino({ name, level: options.logLevel, base: null }, pino.destination({ dest: 1, sync: true }));
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping in good order");
      stopping.abort();
    });
  }
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const access = await loadKubeconfig({ path: options.kubeconfig, env: process.env });
  const client = new Client(access, {
    userAgent: `fairlead-${name}`,
    onUnreadable: (object) => log.warn(object, "an object cannot be read and is left out"),
  });
  const port = new AgentPort(registry, options);
  try {
    await main({ client, registry, log, signal: stopping.signal, port });
  } finally {
    port.close();
  }
}
