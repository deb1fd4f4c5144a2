import { apiVersionOf } from "../resources/index.ts";
import type { JsonObject } from "./json.ts";
import { parseStored, resourceKey } from "./object.ts";
import { booleanOf, numberOf, type Target } from "./request.ts";
import { selectionOf, type Selection } from "./selectors/selection.ts";
import { expired, invalid, type ApiError } from "./status.ts";
import type { Change, Store } from "./store/store.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/** How an object's text is shown to this client: as it is, or as a row of a table. */
export type Show = (text: string) => string;

/** Where the events go. `send` answers false when the client reads too slowly to be worth waiting for. */
export interface WatchSink {
  readonly send: (line: string) => boolean;
  readonly end: () => void;
}

/** Between bookmarks; Kubernetes sends about one a minute too. */
const bookmarkMs = 60_000;

/** Without a timeout in the request, Kubernetes takes one at random between its minimum of 30 minutes and twice that. */
const minTimeoutSeconds = 1_800;

const initialEventsEnd = "k8s.io/initial-events-end";

/** Sends what happens to the objects of a kind, from a revision on, until the client or `signal` ends it. */
export class Watches {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Starts a watch; throws an `ApiError` for a request that is wrong. Returns how to stop it. */
  start(target: Target, query: URLSearchParams, show: Show, sink: WatchSink): () => void {
    const { kind, namespace } = target;
    const select = selectionOf(query, kind, target.name);
    const bookmarks = booleanOf(query, "allowWatchBookmarks");
    const sendInitial = initialEventsAsked(target, query, bookmarks);
    const asked = numberOf(query, "resourceVersion") ?? 0;
    const resource = resourceKey(kind);
    const matches = (change: Change) =>
      change.resource === resource && (namespace === undefined || change.namespace === namespace);

    const send = (type: EventType, text: string) => {
      if (!sink.send(`{"type":"${type}","object":${text}}\n`)) stop();
    };
    const deliver = (change: Change) => {
      const event = eventOf(change, select);
      if (event !== undefined) send(event.type, show(event.text));
    };
    const bookmark = (annotations?: JsonObject) => {
      const metadata = { resourceVersion: String(this.#store.revision), ...(annotations && { annotations }) };
      send("BOOKMARK", show(JSON.stringify({ kind: kind.kind, apiVersion: apiVersionOf(kind), metadata })));
    };

    let stopped = false;
    let unsubscribe: (() => void) | undefined;
    const timers: NodeJS.Timeout[] = [];
    const stop = () => {
      if (stopped) return;
      stopped = true;
      unsubscribe?.();
      for (const timer of timers) clearTimeout(timer);
      sink.end();
    };

    const fromState = sendInitial ?? asked === 0;
    if (!fromState && asked < this.#store.compacted) {
      const status = expired(`too old resource version: ${asked} (${this.#store.compacted})`).status();
      send("ERROR", JSON.stringify(status));
      stop();
      return stop;
    }
    // Nothing else runs between reading the past and subscribing to the future, so nothing is missed or told twice.
    if (fromState) {
      for (const each of this.#store.list(resource, namespace)) {
        if (select === undefined || select(parseStored(each.text))) send("ADDED", show(each.text));
      }
      if (sendInitial === true) bookmark({ [initialEventsEnd]: "true" });
    } else {
      const start = asked === 0 ? this.#store.revision : asked;
      for (const change of this.#store.changesAfter(start, resource)) if (matches(change)) deliver(change);
    }
    if (stopped) return stop;
    unsubscribe = this.#store.subscribe((changes) => {
      for (const change of changes) if (change.revision > asked && matches(change)) deliver(change);
    });
    const timeoutSeconds = numberOf(query, "timeoutSeconds") || minTimeoutSeconds * (1 + Math.random());
    const timeout = setTimeout(
      () => {
        if (bookmarks) bookmark();
        stop();
      },
      Math.min(timeoutSeconds * 1000, 2 ** 31 - 1),
    );
    timers.push(timeout);
    if (bookmarks) timers.push(setInterval(() => bookmark(), bookmarkMs));
    return stop;
  }
}

/** Whether the state is to be sent first, as asked; `undefined` when the request does not say. */
function initialEventsAsked({ kind }: Target, query: URLSearchParams, bookmarks: boolean): boolean | undefined {
  const match = query.get("resourceVersionMatch") ?? "";
  const refuse = (field: string, message: string): ApiError =>
    invalid({ ...kind, group: "meta.k8s.io", kind: "ListOptions" }, "", [
      { reason: "FieldValueForbidden", field, message: `Forbidden: ${message}` },
    ]);
  if (!query.has("sendInitialEvents")) {
    if (match === "") return undefined;
    throw refuse(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  if (match !== "NotOlderThan") {
    throw refuse("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  const asked = booleanOf(query, "sendInitialEvents");
  if (asked && !bookmarks) {
    throw refuse("sendInitialEvents", "sendInitialEvents requires setting allowWatchBookmarks");
  }
  return asked;
}

/** An object that comes to be selected was added, as the watcher sees it; one that ceases to be was deleted. */
function eventOf(change: Change, select: Selection): { type: EventType; text: string } | undefined {
  const { type, text, previous } = change;
  if (select === undefined) return { type, text };
  const was = previous !== undefined && select(parsed(change).previous ?? {});
  const is = type !== "DELETED" && select(parsed(change).object);
  if (is) return { type: was ? "MODIFIED" : "ADDED", text };
  if (!was) return undefined;
  if (type === "DELETED") return { type, text };
  const last = parseStored(previous);
  last.metadata["resourceVersion"] = String(change.revision);
  return { type: "DELETED", text: JSON.stringify(last) };
}

/** Parsed once for all watches with a selector. */
const parsedChanges = new WeakMap<Change, { object: JsonObject; previous: JsonObject | undefined }>();

function parsed(change: Change): { object: JsonObject; previous: JsonObject | undefined } {
  let known = parsedChanges.get(change);
  if (known === undefined) {
    const { text, previous } = change;
    known = { object: parseStored(text), previous: previous === undefined ? undefined : parseStored(previous) };
    parsedChanges.set(change, known);
  }
  return known;
}
