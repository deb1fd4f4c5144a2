import { createServer, type Server } from "node:http";

/** What a load balancer is told of one service on this node. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly localEndpoints: number;
}

interface Listener {
  readonly server: Server;
  readonly failed: { error: Error | undefined };
  health: ServiceHealth;
}

/**
 * The HTTP servers that tell a load balancer whether this node has ready endpoints of a service with the external
 * traffic policy Local, one for each healthCheckNodePort, answering as kube-proxy does.
 */
export class HealthChecks {
  readonly #listeners = new Map<string, Listener>();
  readonly #onError: (error: Error, health: ServiceHealth) => void;

  /** A port that cannot be had is told to `onError` and tried again when the service next changes. */
  constructor(onError: (error: Error, health: ServiceHealth) => void) {
    this.#onError = onError;
  }

  /** Answers for a service from now on, or, given nothing, no more. */
  async set(service: string, health: ServiceHealth | undefined): Promise<void> {
    const listener = this.#listeners.get(service);
    if (listener !== undefined) {
      if (health !== undefined && health.port === listener.health.port && listener.failed.error === undefined) {
        listener.health = health;
        return;
      }
      this.#listeners.delete(service);
      await close(listener.server);
    }
    if (health !== undefined) this.#listeners.set(service, await this.#listen(health));
  }

  async close(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    await Promise.all(listeners.map(({ server }) => close(server)));
  }

  #listen(health: ServiceHealth): Promise<Listener> {
    const server = createServer((_request, response) => {
      const { namespace, name, localEndpoints } = listener.health;
      response.writeHead(localEndpoints > 0 ? 200 : 503, {
        "Content-Type": "application/json",
        "X-Content-Type-Options": "nosniff",
        "X-Load-Balancing-Endpoint-Weight": String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }));
    });
    const listener: Listener = { server, failed: { error: undefined }, health };
    return new Promise((resolve) => {
      server.once("listening", () => {
        resolve(listener);
      });
      server.on("error", (error) => {
        listener.failed.error = error;
        this.#onError(error, listener.health);
        resolve(listener);
      });
      server.listen(health.port);
    });
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
