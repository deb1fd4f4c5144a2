import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemPorts, type ClusterAccess, type Ports } from "../../src/kubernetes/client/index.ts";

/** A ConfigMap as the model holds it. */
export interface ModelObject {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly metadata: { readonly namespace: string; readonly name: string; uid: string; resourceVersion: string };
  readonly data: unknown;
}

interface Entry {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: ModelObject;
}

export interface Backup {
  readonly version: number;
  readonly objects: ReadonlyMap<string, ModelObject>;
}

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers in the server's stead; false to leave it to the server. */
export type Script = (seen: Seen, response: ServerResponse) => boolean;

/**
 * The collection of ConfigMaps of an API server: lists in pages, watches, forgets its history when told to, and can be
 * made to fail in every way that a network and a server fail. It takes no writes: tests change it by its methods.
 */
export class ModelServer {
  readonly seen: Seen[] = [];
  /** How it says that a watch begins too early: by its status, or by an event. */
  expiredBy: "status" | "event" = "status";
  script: Script = () => false;
  /** So many of the next requests are answered with 500. */
  failures = 0;
  /** The next event is sent by half, and the connection is cut. */
  cutNextEvent = false;
  readonly #server: Server;
  #objects = new Map<string, ModelObject>();
  /** With the version that each has told of already. */
  readonly #watches = new Map<ServerResponse, number>();
  #history: Entry[] = [];
  #version = 100;
  /** What happened up to here is forgotten. */
  #compacted = 0;
  #uids = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get access(): ClusterAccess {
    return {
      server: new URL(`http://127.0.0.1:${this.port}`),
      insecureSkipTlsVerify: false,
      credentials: { current: () => Promise.resolve({}), rejected: () => false },
      namespace: "default",
      origin: "a model",
    };
  }

  /** What it holds, by key. */
  get state(): Map<string, ModelObject> {
    return new Map(this.#objects);
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  put(name: string, data: unknown): void {
    const old = this.#objects.get(`default/${name}`);
    this.#version += 1;
    const uid = old?.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const metadata = { namespace: "default", name, uid, resourceVersion: String(this.#version) };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data } as const;
    this.#objects.set(`default/${name}`, object);
    this.#happened({ version: this.#version, type: old === undefined ? "ADDED" : "MODIFIED", object });
  }

  remove(name: string): void {
    const old = this.#objects.get(`default/${name}`);
    if (old === undefined) return;
    this.#objects.delete(`default/${name}`);
    this.#version += 1;
    const object = { ...old, metadata: { ...old.metadata, resourceVersion: String(this.#version) } };
    this.#happened({ version: this.#version, type: "DELETED", object });
  }

  /** Forgets all that has happened: only what is there now can be told. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  backup(): Backup {
    return { version: this.#version, objects: new Map(this.#objects) };
  }

  /** Forgets what has happened since, also that it has happened. Open watches stay open, and silent. */
  restore({ version, objects }: Backup): void {
    this.#version = version;
    this.#objects = new Map(objects);
    this.compact();
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(this.#version) };
    this.sendRaw(
      `${JSON.stringify({ type: "BOOKMARK", object: { kind: "ConfigMap", apiVersion: "v1", metadata } })}\n`,
    );
  }

  /** Into every open watch, as it is. */
  sendRaw(text: string): void {
    for (const response of this.#watches.keys()) response.write(text);
  }

  cut(): void {
    for (const response of this.#watches.keys()) response.destroy();
    this.#watches.clear();
  }

  /** Ends the watches in good order, as a server does at `timeoutSeconds`. */
  end(): void {
    for (const response of this.#watches.keys()) response.end();
    this.#watches.clear();
  }

  #happened(entry: Entry): void {
    this.#history.push(entry);
    // A watch of the old history hears of nothing until the new one has come as far.
    for (const [response, since] of this.#watches) {
      if (entry.version > since) this.#send(response, entry);
    }
  }

  #send(response: ServerResponse, { version, type, object }: Entry): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    if (!this.cutNextEvent) {
      this.#watches.set(response, Math.max(version, this.#watches.get(response) ?? 0));
      response.write(line);
      return;
    }
    this.cutNextEvent = false;
    this.#watches.delete(response);
    response.write(line.slice(0, line.length / 2), () => response.destroy());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    try {
      for await (const part of request.setEncoding("utf8") as AsyncIterable<string>) body += part;
    } catch {
      return;
    }
    const url = new URL(request.url ?? "/", "http://model");
    const seen = { method: request.method ?? "", url, headers: request.headers, body };
    this.seen.push(seen);
    if (this.script(seen, response)) return;
    if (this.failures > 0) {
      this.failures -= 1;
      status(response, 500, "InternalError", "etcd is out to lunch");
    } else if (url.searchParams.get("watch") === "true") {
      this.#watch(url, response);
    } else {
      this.#list(url, response);
    }
  }

  #list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get("limit") ?? 0);
    const [version, from] = (url.searchParams.get("continue") ?? `${this.#version}:0`).split(":").map(Number) as [
      number,
      number,
    ];
    // The model does not keep old states: a page of one is expired as soon as anything has happened.
    if (version !== this.#version) {
      status(response, 410, "Expired", "The provided continue parameter is too old");
      return;
    }
    const all = [...this.#objects.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const end = limit === 0 ? all.length : from + limit;
    // Items of a list have no kind of their own.
    const items = all.slice(from, end).map(({ metadata, data }) => ({ metadata, data }));
    const metadata = {
      resourceVersion: String(version),
      ...(end < all.length ? { continue: `${version}:${end}` } : {}),
    };
    json(response, 200, { apiVersion: "v1", kind: "ConfigMapList", metadata, items });
  }

  #watch(url: URL, response: ServerResponse): void {
    const since = url.searchParams.get("resourceVersion");
    if (since !== null && Number(since) < this.#compacted) {
      const expired = {
        kind: "Status",
        status: "Failure",
        code: 410,
        reason: "Expired",
        message: "too old resource version",
      };
      if (this.expiredBy === "status") json(response, 410, expired);
      else json(response, 200, { type: "ERROR", object: expired });
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    this.#watches.set(response, Number(since ?? this.#version));
    response.on("close", () => this.#watches.delete(response));
    const entries =
      since === null
        ? [...this.#objects.values()].map((object) => ({ version: 0, type: "ADDED", object }) as const)
        : this.#history.filter((entry) => entry.version > Number(since));
    for (const entry of entries) if (this.#watches.has(response)) this.#send(response, entry);
  }
}

export function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

export function status(response: ServerResponse, code: number, reason: string, message: string): void {
  json(response, code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
}

/** The system's, with waits of up to a minute passing a hundred times as fast. */
export const hastyPorts: Ports = {
  ...systemPorts,
  clock: {
    now: () => systemPorts.clock.now(),
    setTimer: (ms, run) => systemPorts.clock.setTimer(ms < 30_000 ? ms / 100 : ms, run),
  },
};

/** Waits until something holds; fails after half a minute. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !holds();) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
