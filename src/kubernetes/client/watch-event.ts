import { parseObject, type Kind, type KubernetesObject } from "../resources/index.ts";
import { ApiError, ConnectionError, unreadableObject, UnreadableAnswer } from "./errors.ts";
import type { RequestSubject, Status, UnreadableObject } from "./errors.ts";
import { LineCutter } from "./json-lines.ts";

export type WatchEvent<Value extends KubernetesObject> =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: Value }
  | { readonly type: "bookmark"; readonly resourceVersion: string }
  /** What happened to an object that its kind's schema cannot read. */
  | { readonly type: "unreadable"; readonly deleted: boolean; readonly object: UnreadableObject };

const types = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

/** The events of a watch's body, as they come. Returns when the server ends it in good order. */
export async function* readWatchEvents<Value extends KubernetesObject>(
  body: AsyncIterable<Buffer>,
  kind: Kind<Value>,
  subject: RequestSubject,
): AsyncGenerator<WatchEvent<Value>, void, undefined> {
  const lines = new LineCutter();
  for await (const chunk of body) {
    for (const line of lines.cut(chunk)) yield decodeWatchEvent(kind, line, subject);
    if (lines.isTooLong) throw new UnreadableAnswer(subject, "an event that does not end");
  }
  if (lines.isAmidLine) throw new ConnectionError("interrupted", subject, "the watch ended in the middle of an event");
}

/**
 * One line of a watch. Throws ApiError for an `ERROR` event (`expired`, most often) and UnreadableAnswer for what is no
 * event at all.
 */
function decodeWatchEvent<Value extends KubernetesObject>(
  kind: Kind<Value>,
  line: string,
  subject: RequestSubject,
): WatchEvent<Value> {
  const { type, object } = eventIn(line, subject);
  if (type === "ERROR") {
    const status = object as Status;
    throw new ApiError(subject, typeof status.code === "number" ? status.code : 500, status);
  }
  if (type === "BOOKMARK") {
    const resourceVersion = (object as { metadata?: { resourceVersion?: unknown } }).metadata?.resourceVersion;
    if (typeof resourceVersion === "string") return { type: "bookmark", resourceVersion };
    throw new UnreadableAnswer(subject, "a bookmark without metadata.resourceVersion");
  }
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") {
    throw new UnreadableAnswer(
      subject,
      `type is ${JSON.stringify(type)}: expected ADDED, MODIFIED, DELETED, BOOKMARK or ERROR`,
    );
  }
  const parsed = parseObject(kind, object);
  if (parsed.ok) return { type: types[type], object: parsed.object };
  const unreadable = unreadableObject(kind, object, parsed.problems);
  if (unreadable.key === "" || unreadable.resourceVersion === undefined) {
    throw new UnreadableAnswer(subject, "an event about an object without name or resourceVersion", parsed.problems);
  }
  return { type: "unreadable", deleted: type === "DELETED", object: unreadable };
}

function eventIn(line: string, subject: RequestSubject): { type: unknown; object: object } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new UnreadableAnswer(subject, `not JSON: ${JSON.stringify(line.slice(0, 80))}`);
  }
  if (typeof event === "object" && event !== null && "type" in event && "object" in event) {
    const { type, object } = event;
    if (typeof object === "object" && object !== null) return { type, object };
  }
  throw new UnreadableAnswer(subject, `no watch event: ${JSON.stringify(line.slice(0, 80))}`);
}
