import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { pino, type Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { Client, loadKubeconfig } from "../kubernetes/client/index.ts";

/** What every long-running process of ours has. */
export interface AgentProcess {
  readonly client: Client;
  readonly registry: Registry;
  readonly log: Logger;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /** Serves `/metrics` and `/healthz` from now on. */
  readonly openPort: () => Promise<void>;
  readonly closePort: () => void;
}

export interface AgentProcessOptions {
  readonly kubeconfig?: string;
  readonly logLevel: string;
  /** Where `/metrics` and `/healthz` are served; 0 for nowhere. */
  readonly port: number;
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
  let server: Server | undefined;
  const openPort = async () => {
    if (options.port !== 0) server = await serve(registry, options.port);
  };
  const closePort = () => {
    server?.closeAllConnections();
    server?.close();
  };
  try {
    await main({ client, registry, log, signal: stopping.signal, openPort, closePort });
  } finally {
    closePort();
  }
}

async function serve(registry: Registry, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/healthz") return void response.end("ok\n");
    if (path !== "/metrics") return void response.writeHead(404).end("/metrics and /healthz are here\n");
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "EADDRINUSE" ? "is in use by another process" : error.message;
    throw new Error(`--port ${port}: ${why}; must be a free port, or 0 for none`, { cause: error });
  });
  return server;
}
