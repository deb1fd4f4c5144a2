import { keyOf, parseObject, pathOf, type Kind, type KubernetesObject } from "../resources/index.ts";
import type { ClusterAccess } from "./access.ts";
import { asConnectionError } from "./connection.ts";
import {
  describeProblems,
  isApiError,
  UnreadableAnswer,
  unreadableObject,
  type RequestSubject,
  type UnreadableObject,
} from "./errors.ts";
import { HistoryGuard } from "./history-guard.ts";
import type {
  ApplyOptions,
  Cancellable,
  ClientOptions,
  DeleteOptions,
  List,
  ListOptions,
  ObjectName,
  Patch,
  Selection,
  WatchOptions,
} from "./options.ts";
import { readAtPace } from "./paced-body.ts";
import { readPage } from "./page.ts";
import { reasonOf, systemPorts, type Ports } from "./ports.ts";
import { Requests, type Request } from "./requests.ts";
import { readWatchEvents, type WatchEvent } from "./watch-event.ts";
import { applying, creating, patching, replacing, type Write } from "./write.ts";
import type { Written } from "./written.ts";

const defaultPageSize = 500;
/** How much longer than `timeoutSeconds` the client waits for the end of a watch. */
const watchMarginMs = 30_000;

/**
 * One API server. Everything throws ApiError, ConnectionError or UnreadableAnswer, or the reason of the signal that it
 * was given.
 */
export class Client {
  readonly access: ClusterAccess;
  readonly ports: Ports;
  /** Asked by informers whether the server's history is still the one that they know. */
  readonly history: HistoryGuard;
  readonly #requests: Requests;
  readonly #fieldManager: string;
  readonly #onUnreadable: (object: UnreadableObject) => void;

  constructor(access: ClusterAccess, options: ClientOptions = {}) {
    this.access = access;
    this.ports = options.ports ?? systemPorts;
    this.history = new HistoryGuard(this.ports.clock);
    this.#requests = new Requests(access, this.ports, {
      userAgent: options.userAgent ?? "fairlead",
      limitMs: options.requestLimitMs ?? 30_000,
    });
    this.#fieldManager = options.fieldManager ?? "fairlead";
    this.#onUnreadable = options.onUnreadable ?? warnOfUnreadable;
  }

  async get<Value extends KubernetesObject>(
    kind: Kind<Value>,
    at: ObjectName,
    { signal }: Cancellable = {},
  ): Promise<Value> {
    const subject = { verb: "get", kind: kind.kind, key: keyOf({ metadata: at }) };
    const answer = await this.#requests.json({ method: "GET", path: pathOf(kind, at), subject, signal }, true);
    return read({ kind, subject }, answer);
  }

  /** The object, or undefined where there is none. */
  async find<Value extends KubernetesObject>(
    kind: Kind<Value>,
    at: ObjectName,
    options: Cancellable = {},
  ): Promise<Value | undefined> {
    try {
      return await this.get(kind, at, options);
    } catch (error) {
      if (isApiError(error, "not-found")) return undefined;
      throw error;
    }
  }

  /**
   * All objects at one moment, read page by page. Objects that cannot be read are reported and left out. If a page's
   * moment is forgotten by the server before the list is through, the list is read again in one piece.
   */
  async list<Value extends KubernetesObject>(kind: Kind<Value>, options: ListOptions = {}): Promise<List<Value>> {
    const pageSize = options.pageSize ?? defaultPageSize;
    try {
      return await this.#list(kind, options, pageSize);
    } catch (error) {
      if (pageSize === 0 || !isApiError(error, "expired")) throw error;
      return await this.#list(kind, options, 0);
    }
  }

  /** The resource version that the server is at: a quorum read, of one object at most. */
  async revision(kind: Kind, options: Selection & Cancellable = {}): Promise<string> {
    const subject = subjectOf("list", kind, options);
    const query = queryOf(options);
    query.set("limit", "1");
    const call = { method: "GET", path: pathOf(kind, options), query, subject, signal: options.signal } as const;
    return readPage(await this.#requests.json(call, true), subject).resourceVersion;
  }

  /**
   * A change of which nobody asks what the server made of it: to read that is a good part of what a write costs. Throws
   * like all the others.
   */
  async tell(write: Write, { signal }: Cancellable = {}): Promise<void> {
    await this.#requests.send({ ...this.#callOf(write), signal }, write.repeatable);
  }

  /** Fails with `already-exists` where there is one of the name. */
  create<Value extends KubernetesObject>(
    kind: Kind<Value>,
    object: Written<Value>,
    options: Cancellable = {},
  ): Promise<Value> {
    return this.#written(creating(kind, object), options);
  }

  /**
   * Writes the whole object, and fails with `conflict` if it was changed since `metadata.resourceVersion`. Fields that
   * the kind's schema does not know are lost by this: only for kinds whose schema is whole (Lease, and Fairlead's own);
   * for others `patch` and `apply`.
   */
  update<Value extends KubernetesObject>(
    kind: Kind<Value>,
    object: Written<Value>,
    options: Cancellable = {},
  ): Promise<Value> {
    return this.#written(replacing(kind, object), options);
  }

  patch<Value extends KubernetesObject>(
    kind: Kind<Value>,
    at: ObjectName,
    patch: Patch,
    { subresource, ...options }: Cancellable & { readonly subresource?: "status" } = {},
  ): Promise<Value> {
    return this.#written(patching(kind, at, patch, subresource), options);
  }

  /**
   * Server-side apply: the object says all that we want of it; what we said before and do not say now is given up.
   * Creates the object where there is none.
   */
  apply<Value extends KubernetesObject>(
    kind: Kind<Value>,
    object: Written<Value>,
    options: ApplyOptions = {},
  ): Promise<Value> {
    return this.#written(applying(kind, object, options), options);
  }

  /** Posts to a subresource that is a kind of its own: a pod's `binding` or `eviction`, a service account's `token`. */
  post(kind: Kind, at: ObjectName, subresource: string, body: object, options: Cancellable = {}): Promise<unknown> {
    const subject = { verb: `post ${subresource} of`, kind: kind.kind, key: keyOf({ metadata: at }) };
    const path = `${pathOf(kind, at)}/${subresource}`;
    return this.#requests.json({ method: "POST", path, body: JSON.stringify(body), subject, ...options }, false);
  }

  /** What a process in a pod answers on a port, asked through the API server. */
  async askPod(at: ObjectName, port: number, path: string, options: Cancellable = {}): Promise<string> {
    const subject = { verb: `ask port ${port} of`, kind: "Pod", key: keyOf({ metadata: at }) };
    const pod = pathOf({ group: "", version: "v1", plural: "pods", namespaced: true }, at);
    const call = { method: "GET", path: `${pod}:${port}/proxy${path}`, subject, ...options } as const;
    return (await this.#requests.send(call, true)).text;
  }

  async delete(kind: Kind, at: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    const subject = { verb: "delete", kind: kind.kind, key: keyOf({ metadata: at }) };
    const body = JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", ...rest });
    await this.#requests.send({ method: "DELETE", path: pathOf(kind, at), body, subject, signal }, false);
  }

  /**
   * One watch, until the server ends it: returns then, for that is how every watch ends in good order. Throws ApiError
   * with code `expired` when the server's history does not reach back to `resourceVersion`.
   */
  async *watch<Value extends KubernetesObject>(
    kind: Kind<Value>,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<Value>, void, undefined> {
    const timeoutSeconds = options.timeoutSeconds ?? 300;
    const query = queryOf(options);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    query.set("timeoutSeconds", String(timeoutSeconds));
    if (options.resourceVersion !== undefined) query.set("resourceVersion", options.resourceVersion);
    const subject = subjectOf("watch", kind, options);
    const { signal } = options;
    const response = await this.#requests.open({ method: "GET", path: pathOf(kind, options), query, subject, signal });
    const timer = this.ports.clock.setTimer(timeoutSeconds * 1000 + watchMarginMs, () => response.destroy());
    try {
      options.onOpen?.();
      const body = readAtPace(response, this.ports.clock, signal);
      for await (const event of readWatchEvents(body, kind, subject)) {
        if (event.type === "unreadable" && !event.deleted) this.#onUnreadable(event.object);
        yield event;
      }
      signal?.throwIfAborted();
    } catch (error) {
      if (signal?.aborted === true) throw reasonOf(signal);
      throw asConnectionError(error, subject, this.access.server);
    } finally {
      timer.cancel();
      response.destroy();
    }
  }

  /** Drops all connections; what is under way fails. */
  close(): void {
    this.#requests.close();
  }

  async #list<Value extends KubernetesObject>(
    kind: Kind<Value>,
    options: ListOptions,
    pageSize: number,
  ): Promise<List<Value>> {
    const subject = subjectOf("list", kind, options);
    const items: Value[] = [];
    const unreadable: UnreadableObject[] = [];
    const query = queryOf(options);
    if (pageSize > 0) query.set("limit", String(pageSize));
    for (;;) {
      const call = { method: "GET", path: pathOf(kind, options), query, subject, signal: options.signal } as const;
      const page = readPage(await this.#requests.json(call, true), subject);
      for (const raw of page.items) {
        const parsed = parseObject(kind, raw);
        if (parsed.ok) items.push(parsed.object);
        else unreadable.push(unreadableObject(kind, raw, parsed.problems));
      }
      if (page.next === "") {
        for (const object of unreadable) this.#onUnreadable(object);
        return { items, unreadable, resourceVersion: page.resourceVersion };
      }
      query.set("continue", page.next);
    }
  }

  async #written<Value extends KubernetesObject>(write: Write<Value>, { signal }: Cancellable): Promise<Value> {
    return read(write, await this.#requests.json({ ...this.#callOf(write), signal }, write.repeatable));
  }

  #callOf({ kind: _kind, repeatable: _repeatable, fieldManager, force, ...call }: Write): Request {
    const query = new URLSearchParams({ fieldManager: fieldManager ?? this.#fieldManager });
    if (force !== undefined) query.set("force", String(force));
    return { ...call, query };
  }
}

/** What the server answered of one object. */
function read<Value extends KubernetesObject>(
  { kind, subject }: { readonly kind: Kind<Value>; readonly subject: RequestSubject },
  answer: unknown,
): Value {
  const parsed = parseObject(kind, answer);
  if (parsed.ok) return parsed.object;
  throw new UnreadableAnswer(subject, describeProblems(parsed.problems), parsed.problems);
}

function subjectOf(verb: string, kind: Kind, selection: Selection) {
  return { verb, kind: kind.kind, key: selection.namespace };
}

function queryOf({ labelSelector, fieldSelector }: Selection): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== undefined) query.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) query.set("fieldSelector", fieldSelector);
  return query;
}

function warnOfUnreadable({ kind, key, problems }: UnreadableObject): void {
  process.emitWarning(`${kind.kind} ${key} is left out: ${describeProblems(problems)}`);
}
