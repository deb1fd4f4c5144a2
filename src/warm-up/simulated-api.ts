import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { ClusterAccess } from "../kubernetes/client/index.ts";
import type { Kind } from "../kubernetes/resources/index.ts";

/** An object as it is written down, whole or in part. */
interface Written {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

interface Held extends Written {
  readonly metadata: Written["metadata"] & { readonly resourceVersion: string };
}

/**
 * As much of an API server as a client needs that is alone with it: lists, watches, and writes that always succeed. Each
 * name is used once for a kind, and nothing is checked but that it is its own client who asks.
 */
export class SimulatedApi implements AsyncDisposable {
  readonly #server: Server;
  readonly #token = randomUUID();
  /** By the plural of their kind and their name. */
  readonly #objects = new Map<string, Map<string, Held>>();
  /** By the plural of the kind. */
  readonly #watches = new Map<string, Set<ServerResponse>>();
  #version = 1;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<SimulatedApi> {
    const api = new SimulatedApi();
    api.#server.listen(0, "127.0.0.1");
    await once(api.#server, "listening");
    return api;
  }

  get access(): ClusterAccess {
    const { port } = this.#server.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    const credentials = { current: async () => ({ token: this.#token }), rejected: () => false };
    return { server: new URL(origin), insecureSkipTlsVerify: false, namespace: "default", origin, credentials };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  find({ plural }: Kind, name: string): Written | undefined {
    return this.#objects.get(plural)?.get(name);
  }

  put({ group, version, kind, plural }: Kind, object: Written): void {
    this.#put(plural, { apiVersion: group === "" ? version : `${group}/${version}`, kind, ...object });
  }

  delete({ plural }: Kind, name: string): void {
    const object = this.#objects.get(plural)?.get(name);
    if (object === undefined) return;
    this.#objects.get(plural)?.delete(name);
    this.#tell(plural, "DELETED", this.#next(object));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== `Bearer ${this.#token}`) return void response.writeHead(401).end();
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const [, plural = "", name] = pathOfObject.exec(pathname) ?? [];
    response.setHeader("content-type", "application/json");
    if (request.method !== "GET") {
      const object = this.#put(plural, JSON.parse(await text(request)) as Written);
      return void response.end(JSON.stringify(object));
    }
    const objects = this.#objects.get(plural) ?? new Map<string, Held>();
    if (searchParams.has("watch")) return this.#watch(plural, Number(searchParams.get("resourceVersion")), response);
    if (name === undefined) {
      const metadata = { resourceVersion: String(this.#version) };
      return void response.end(JSON.stringify({ metadata, items: [...objects.values()] }));
    }
    const object = objects.get(name);
    if (object === undefined) response.statusCode = 404;
    response.end(JSON.stringify(object ?? { kind: "Status", reason: "NotFound", code: 404 }));
  }

  #watch(plural: string, since: number, response: ServerResponse): void {
    const watches = this.#watches.get(plural) ?? new Set();
    this.#watches.set(plural, watches.add(response));
    response.once("close", () => watches.delete(response));
    response.flushHeaders();
    for (const object of this.#objects.get(plural)?.values() ?? []) {
      if (Number(object.metadata.resourceVersion) > since) send(response, "ADDED", object);
    }
  }

  /** What is written of an object stands beside what was there of it, as after a patch. */
  #put(plural: string, written: Written): Held {
    const objects = this.#objects.get(plural) ?? new Map<string, Held>();
    this.#objects.set(plural, objects);
    const { name } = written.metadata;
    const known = objects.get(name);
    const object = this.#next({ ...known, ...written, metadata: { ...known?.metadata, ...written.metadata } });
    objects.set(name, object);
    this.#tell(plural, known === undefined ? "ADDED" : "MODIFIED", object);
    return object;
  }

  #next(object: Written): Held {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(plural: string, type: EventType, object: Held): void {
    for (const watch of this.#watches.get(plural) ?? []) send(watch, type, object);
  }
}

type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** Of an object or a collection, in a namespace or in none: the plural of its kind, and its name. */
const pathOfObject = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/([^/]+))?/;

function send(watch: ServerResponse, type: EventType, object: Held): void {
  watch.write(`${JSON.stringify({ type, object })}\n`);
}
