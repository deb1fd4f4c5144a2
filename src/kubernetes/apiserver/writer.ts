import { randomInt, randomUUID } from "node:crypto";
import { Namespace, ServiceAccount, type Kind } from "../resources/index.ts";
import { required } from "./admission/causes.ts";
import { check } from "./admission/check.ts";
import type { StrategyOf } from "./admission/strategy.ts";
import { managedFieldsOf, updatedFields } from "./apply/track.ts";
import { numberAt, sameJson, stringAt, type JsonObject } from "./json.ts";
import { isTerminating, parseStored, timestamp, type ApiObject, type Metadata } from "./object.ts";
import { checkIdentity, serverOwned, wantsChanged, without, withSpecOf, withStatusOf } from "./replace.ts";
import { alreadyExists, badRequest, forbidden, invalid, notFound } from "./status.ts";
import type { Store, Transaction } from "./store/store.ts";
import { isFinished, keyOf, put, remove } from "./versions.ts";
import type { WriteOptions } from "./write-options.ts";

/** An object as it now is, and what the client should be told beside it. */
export interface Written {
  readonly text: string;
  readonly created: boolean;
  readonly warnings: readonly string[];
}

interface Place {
  readonly kind: Kind;
  readonly namespace: string;
}

interface Update extends Place {
  readonly name: string;
  readonly subresource: "status" | "binding" | undefined;
  /** A whole object replaces the old one (PUT), so it may be asked to say which. */
  readonly replaces: boolean;
  /** The new object comes with its managed fields (server-side apply). */
  readonly applies?: boolean;
  /** Makes the new object from the old one, which is absent when none exists. */
  readonly transform: (old: ApiObject | undefined) => ApiObject;
}

/** Creates and updates objects as Kubernetes' registry does, each write in one transaction of the store. */
export class Writer {
  readonly #store: Store;
  readonly #strategyOf: StrategyOf;

  constructor(store: Store, strategyOf: StrategyOf) {
    this.#store = store;
    this.#strategyOf = strategyOf;
  }

  create(place: Place, object: ApiObject, options: WriteOptions): Promise<Written> {
    return this.#store.write((transaction) => this.createIn(transaction, place, object, options), options.dryRun);
  }

  update(update: Update, options: WriteOptions): Promise<Written> {
    return this.#store.write((transaction) => this.updateIn(transaction, update, options), options.dryRun);
  }

  createIn(
    transaction: Transaction,
    { kind, namespace }: Place,
    given: ApiObject,
    options: WriteOptions,
    applies = false,
  ): Written {
    const strategy = this.#strategyOf(kind);
    const name = this.#nameOf(transaction, kind, namespace, given.metadata);
    requireNamespace(transaction, kind, namespace, name);
    if ((stringAt(given.metadata, "resourceVersion") ?? "") !== "") {
      throw badRequest("resourceVersion should not be set on objects to be created");
    }
    const nowMs = Date.now();
    const metadata: Metadata = {
      ...without(given.metadata, [...serverOwned, "resourceVersion", "selfLink"]),
      name,
      ...(namespace === "" ? {} : { namespace }),
      uid: randomUUID(),
      creationTimestamp: timestamp(nowMs),
      ...(strategy.tracksGeneration ? { generation: 1 } : {}),
      ...(applies ? managedFieldsOf(given) : {}),
    };
    if (namespace === "") delete metadata["namespace"];
    const object: ApiObject = { ...given, metadata };
    if (kind.statusSubresource && !strategy.createsWithStatus) delete object["status"];
    const { object: complete, warnings } = check(kind, strategy, object, undefined, options);
    const key = keyOf(kind, namespace, name);
    if (transaction.get(key) !== undefined) throw alreadyExists(kind, name);
    const refused = strategy.allocate?.(complete, undefined, { transaction, nowMs }) ?? [];
    if (refused.length > 0) throw invalid(kind, name, refused);
    const { text } = put(transaction, key, complete, undefined);
    // Of kube-controller-manager's work, for pods are refused where it was not done.
    if (kind === Namespace) {
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
      this.createIn(transaction, { kind: ServiceAccount, namespace: name }, account, options);
    }
    return { text, created: true, warnings };
  }

  updateIn(transaction: Transaction, update: Update, options: WriteOptions): Written {
    const { kind, namespace, name, subresource } = update;
    const strategy = this.#strategyOf(kind);
    const key = keyOf(kind, namespace, name);
    const stored = transaction.get(key);
    const old = stored === undefined ? undefined : parseStored(stored.text);
    if (old === undefined || stored === undefined) {
      if (update.replaces && !strategy.createOnUpdate) throw notFound(kind, name);
      if (subresource !== undefined) throw notFound(kind, name);
      return this.createIn(transaction, update, update.transform(undefined), options, update.applies);
    }
    const given = update.transform(old);
    checkIdentity(update, given, old, strategy);
    const object =
      subresource === "binding"
        ? given
        : subresource === "status"
          ? withStatusOf(kind, given, old)
          : withSpecOf(kind, given, old);
    const { object: complete, warnings } = check(kind, strategy, object, old, options, subresource);
    const refused = strategy.allocate?.(complete, old, { transaction, nowMs: Date.now() }) ?? [];
    if (refused.length > 0) throw invalid(kind, name, refused);
    if (strategy.tracksGeneration && subresource === undefined && wantsChanged(kind, complete, old)) {
      complete.metadata["generation"] = (numberAt(old.metadata, "generation") ?? 0) + 1;
    }
    const managedFields = update.applies
      ? managedFieldsOf(given)
      : updatedFields(kind, given, complete, old, subresource ?? "", options.fieldManager);
    delete complete.metadata["managedFields"];
    Object.assign(complete.metadata, managedFields);
    if (isFinished(complete)) return { ...remove(transaction, key, complete), created: false, warnings };
    // A write that changes nothing makes no version, as with etcd: watches stay silent.
    if (sameJson(complete, old)) return { text: stored.text, created: false, warnings };
    return { ...put(transaction, key, complete, old), created: false, warnings };
  }

  #nameOf(transaction: Transaction, kind: Kind, namespace: string, metadata: JsonObject): string {
    const name = stringAt(metadata, "name") ?? "";
    if (name !== "") return name;
    const prefix = stringAt(metadata, "generateName") ?? "";
    if (prefix === "") throw invalid(kind, "", [required("metadata.name", "name or generateName is required")]);
    for (let attempt = 0; attempt < 8; attempt++) {
      const generated = prefix.slice(0, 58) + randomSuffix();
      if (transaction.get(keyOf(kind, namespace, generated)) === undefined) return generated;
    }
    throw alreadyExists(kind, prefix);
  }
}

/** Kubernetes' own alphabet: no vowels, so that no word comes of it. */
function randomSuffix(): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
}

function requireNamespace(transaction: Transaction, kind: Kind, namespace: string, name: string): void {
  if (!kind.namespaced) return;
  const stored = transaction.get({ resource: "namespaces", namespace: "", name: namespace });
  if (stored === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (!isTerminating(parseStored(stored.text))) return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: "NamespaceTerminating", message, field: "metadata.namespace" },
  ]);
}
