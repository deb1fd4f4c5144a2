import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Registry } from "prom-client";

export interface AgentPortOptions {
  /** 0 for none: nothing is served. */
  readonly port: number;
  /** Of the pod that this process is of, where it is of one. */
  readonly podUid?: string;
}

/** Where a process says of itself how it is: `/metrics`, `/healthz` (it lives) and `/readyz` (it does its work). */
export class AgentPort {
  readonly #registry: Registry;
  readonly #options: AgentPortOptions;
  #server: Server | undefined;
  #isReady = false;

  constructor(registry: Registry, options: AgentPortOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  async open(): Promise<void> {
    const { port } = this.#options;
    if (port === 0) return;
    const server = createServer((request, response) => {
      const [path, query] = (request.url ?? "").split("?");
      if (path === "/healthz") return void response.end("ok\n");
      if (path === "/readyz") {
        const missing = this.#missing(new URLSearchParams(query).get("pod"));
        return void response.writeHead(missing === undefined ? 200 : 503).end(`${missing ?? "ok"}\n`);
      }
      if (path !== "/metrics") return void response.writeHead(404).end("/metrics, /healthz and /readyz are here\n");
      this.#registry.metrics().then(
        (text) => response.writeHead(200, { "content-type": this.#registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    server.listen(port);
    await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is in use by another process" : error.message;
      throw new Error(`--port ${port}: ${why}; must be a free port, or 0 for none`, { cause: error });
    });
    this.#server = server;
  }

  /** From now on `/readyz` says that the work is done. */
  ready(): void {
    this.#isReady = true;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** `pod` is asked for: one process of a node follows another on the same port. */
  #missing(pod: string | null): string | undefined {
    const { podUid } = this.#options;
    if (pod !== null && pod !== podUid)
      return `the process here is of ${podUid === undefined ? "no pod" : `pod ${podUid}`}`;
    return this.#isReady ? undefined : "it does not do its work yet";
  }
}
