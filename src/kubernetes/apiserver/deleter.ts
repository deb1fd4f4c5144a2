import type { Kind } from "../resources/index.ts";
import type { StrategyOf } from "./admission/strategy.ts";
import { isObject, numberAt, objectAt, sameJson, stringAt, type JsonObject } from "./json.ts";
import {
  finalizersOf,
  holdersOf,
  isTerminating,
  ownersOf,
  parseStored,
  timestamp,
  uidOf,
  type ApiObject,
} from "./object.ts";
import { badRequest, conflict, forbidden, notFound } from "./status.ts";
import type { Store, Transaction } from "./store/store.ts";
import { isFinished, keyOf, put, remove } from "./versions.ts";

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number;
  /** What becomes of the objects that this one owns. */
  readonly propagation: "Background" | "Foreground" | "Orphan";
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The last version of an object, and whether it is gone or waits (for its grace period, finalizers, dependents). */
export interface Deleted {
  readonly object: ApiObject;
  readonly text: string;
  readonly gone: boolean;
}

interface Place {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** The finalizer of an owner that waits for what it owns. */
export const foregroundDeletion = "foregroundDeletion";

/** Options come in the query, in a DeleteOptions body, or in both (the body wins). */
export function deleteOptionsOf(query: URLSearchParams, body: JsonObject | undefined): DeleteOptions {
  const seconds = query.get("gracePeriodSeconds");
  const grace = body?.["gracePeriodSeconds"] ?? (seconds === null ? undefined : Number(seconds));
  if (grace !== undefined && grace !== null && !Number.isInteger(grace)) {
    throw badRequest(`gracePeriodSeconds: ${JSON.stringify(grace)} is no whole number`);
  }
  const orphan = body?.["orphanDependents"] ?? query.get("orphanDependents");
  const asked = body?.["propagationPolicy"] ?? query.get("propagationPolicy");
  const propagation = asked ?? (orphan === true || orphan === "true" ? "Orphan" : "Background");
  if (propagation !== "Background" && propagation !== "Foreground" && propagation !== "Orphan") {
    throw badRequest(
      `propagationPolicy: ${JSON.stringify(propagation)} is none of "Background", "Foreground", "Orphan"`,
    );
  }
  const preconditions = isObject(body) ? objectAt(body, "preconditions") : {};
  const uid = stringAt(preconditions, "uid");
  const resourceVersion = stringAt(preconditions, "resourceVersion");
  const dryRun = sameJson(body?.["dryRun"], ["All"]) || query.getAll("dryRun").includes("All");
  return {
    dryRun,
    propagation,
    // A negative period counts as one second, as in Kubernetes.
    ...(typeof grace === "number" ? { gracePeriodSeconds: grace < 0 ? 1 : grace } : {}),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Deletes objects as Kubernetes' registry does: at once, or by a mark that others wait for. */
export class Deleter {
  readonly #store: Store;
  readonly #strategyOf: StrategyOf;

  constructor(store: Store, strategyOf: StrategyOf) {
    this.#store = store;
    this.#strategyOf = strategyOf;
  }

  delete(place: Place, options: DeleteOptions): Promise<Deleted> {
    return this.#store.write((transaction) => this.deleteIn(transaction, place, options), options.dryRun);
  }

  deleteIn(transaction: Transaction, place: Place, options: DeleteOptions): Deleted {
    const { kind, namespace, name } = place;
    const key = keyOf(kind, namespace, name);
    const stored = transaction.get(key);
    if (stored === undefined) throw notFound(kind, name);
    const object = parseStored(stored.text);
    checkPreconditions(place, object, options);
    const strategy = this.#strategyOf(kind);
    const refusal = strategy.refusesDeletion?.(name);
    if (refusal !== undefined) throw forbidden(kind, name, refusal);
    const grace = strategy.gracePeriodSeconds?.(object, options.gracePeriodSeconds) ?? 0;
    this.#dependents(transaction, object, options);
    if (grace > 0 || holdersOf(object).length > 0 || strategy.gracePeriodSeconds !== undefined) {
      mark(object, grace, strategy.tracksGeneration ?? false);
      strategy.terminating?.(object);
    }
    if (isFinished(object) || !isTerminating(object))
      return { object, ...remove(transaction, key, object), gone: true };
    const before = parseStored(stored.text);
    if (sameJson(object, before)) return { object, text: stored.text, gone: false };
    return { object, ...put(transaction, key, object, before), gone: false };
  }

  /** Orphans are let go here; the others are the garbage collector's, after this commit. */
  #dependents(transaction: Transaction, object: ApiObject, { propagation }: DeleteOptions): void {
    if (propagation === "Background" || isTerminating(object)) return;
    const uid = uidOf(object);
    const dependents = transaction.ownedBy(uid);
    if (propagation === "Foreground") {
      if (dependents.length === 0) return;
      const finalizers = finalizersOf(object);
      object.metadata["finalizers"] = [...finalizers.filter((each) => each !== foregroundDeletion), foregroundDeletion];
      return;
    }
    for (const each of dependents) {
      const dependent = parseStored(each.text);
      dropOwner(dependent, uid);
      put(transaction, each, dependent, parseStored(each.text));
    }
  }
}

/** Takes the reference to the owner `uid` out of an object. */
export function dropOwner(object: ApiObject, uid: string): void {
  const kept = ownersOf(object).filter((owner) => owner["uid"] !== uid);
  if (kept.length > 0) object.metadata["ownerReferences"] = kept;
  else delete object.metadata["ownerReferences"];
}

function checkPreconditions({ kind, name }: Place, object: ApiObject, { uid, resourceVersion }: DeleteOptions): void {
  if (uid !== undefined && uid !== uidOf(object)) {
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${uidOf(object)}`,
    );
  }
  const version = stringAt(object.metadata, "resourceVersion") ?? "";
  if (resourceVersion !== undefined && resourceVersion !== version) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${version}`;
    throw conflict(kind, name, why);
  }
}

/** A second deletion can shorten the grace period, never lengthen it. */
function mark(object: ApiObject, grace: number, tracksGeneration: boolean): void {
  const { metadata } = object;
  if (isTerminating(object)) {
    if (grace >= (numberAt(metadata, "deletionGracePeriodSeconds") ?? 0)) return;
  } else if (tracksGeneration) metadata["generation"] = (numberAt(metadata, "generation") ?? 0) + 1;
  metadata["deletionTimestamp"] = timestamp(Date.now() + grace * 1000);
  metadata["deletionGracePeriodSeconds"] = grace;
}
