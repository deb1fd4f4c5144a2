import { Event } from "../resources/index.ts";
import type { Deleter } from "./deleter.ts";
import { objectAt, stringAt, type JsonObject } from "./json.ts";
import { namespaceOf, parseStored } from "./object.ts";
import type { Store } from "./store/store.ts";

/** How long Kubernetes keeps events. */
const lifetimeMs = 60 * 60_000;

/** Deletes events that have not happened again for an hour. */
export async function expireEvents(store: Store, deleter: Deleter, nowMs: number): Promise<void> {
  const old = store
    .list("events")
    .map((each) => parseStored(each.text))
    .filter((event) => lastSeenMs(event) < nowMs - lifetimeMs);
  if (old.length === 0) return;
  await store.write((transaction) => {
    for (const event of old) {
      const place = { kind: Event, namespace: namespaceOf(event), name: event.metadata.name };
      if (transaction.get({ resource: "events", ...place }) === undefined) continue;
      deleter.deleteIn(transaction, place, { dryRun: false, propagation: "Background" });
    }
  });
}

function lastSeenMs(event: JsonObject): number {
  const times = [
    stringAt(objectAt(event, "metadata"), "creationTimestamp"),
    stringAt(event, "lastTimestamp"),
    stringAt(event, "eventTime"),
    stringAt(objectAt(event, "series"), "lastObservedTime"),
  ];
  return Math.max(...times.map((each) => (each === undefined ? 0 : Date.parse(each) || 0)));
}
