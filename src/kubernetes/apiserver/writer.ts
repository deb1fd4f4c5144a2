import { randomInt, randomUUID } from "node:crypto";
import type { Kind } from "../resources/index.ts";
import { afterUpdate, formatManagers } from "./apply/managers.ts";
import { metadataProblems } from "./admission/metadata.ts";
import { forbiddenField, invalidValue, required } from "./admission/causes.ts";
import { admitted } from "./admission/schema.ts";
import type { Strategy, StrategyOf } from "./admission/strategy.ts";
import { numberAt, sameJson, stringAt, type JsonObject } from "./json.ts";
import {
  finalizersOf,
  holdersOf,
  isTerminating,
  ownersOf,
  parseStored,
  resourceKey,
  timestamp,
  uidOf,
  type ApiObject,
  type Metadata,
} from "./object.ts";
import { rulesOf } from "./patch/list-rules.ts";
import { alreadyExists, badRequest, conflict, forbidden, invalid, modified, notFound } from "./status.ts";
import type { Key, Store, Transaction } from "./store/store.ts";
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

/** What of metadata belongs to the server; a client's values are not looked at. */
const serverOwned = [
  "managedFields",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
];

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
    const name = this.#freeName(transaction, kind, namespace, given.metadata);
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
    const refused = strategy.allocate?.(complete, undefined, { transaction, nowMs }) ?? [];
    if (refused.length > 0) throw invalid(kind, name, refused);
    const key = keyOf(kind, namespace, name);
    const { text } = put(transaction, key, complete, undefined);
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
    const object = subresource === "status" ? withStatusOf(kind, given, old) : withSpecOf(kind, given, old);
    const { object: complete, warnings } = check(kind, strategy, object, old, options, subresource);
    const refused = strategy.allocate?.(complete, old, { transaction, nowMs: Date.now() }) ?? [];
    if (refused.length > 0) throw invalid(kind, name, refused);
    if (strategy.tracksGeneration && subresource === undefined && wantsChanged(kind, complete, old)) {
      complete.metadata["generation"] = (numberAt(old.metadata, "generation") ?? 0) + 1;
    }
    const managedFields = update.applies
      ? managedFieldsOf(given)
      : updatedFields(kind, given, complete, old, update, options);
    delete complete.metadata["managedFields"];
    Object.assign(complete.metadata, managedFields);
    if (isFinished(complete)) return { ...remove(transaction, key, complete), created: false, warnings };
    // A write that changes nothing makes no version, as with etcd: watches stay silent.
    if (sameJson(complete, old)) return { text: stored.text, created: false, warnings };
    return { ...put(transaction, key, complete, old), created: false, warnings };
  }

  #freeName(transaction: Transaction, kind: Kind, namespace: string, metadata: JsonObject): string {
    const name = stringAt(metadata, "name") ?? "";
    if (name !== "") {
      if (transaction.get(keyOf(kind, namespace, name)) !== undefined) throw alreadyExists(kind, name);
      return name;
    }
    const prefix = stringAt(metadata, "generateName") ?? "";
    if (prefix === "") throw invalid(kind, "", [required("metadata.name", "name or generateName is required")]);
    for (let attempt = 0; attempt < 8; attempt++) {
      const generated = prefix.slice(0, 58) + randomSuffix();
      if (transaction.get(keyOf(kind, namespace, generated)) === undefined) return generated;
    }
    throw alreadyExists(kind, prefix);
  }
}

export function keyOf(kind: Kind, namespace: string, name: string): Key {
  return { resource: resourceKey(kind), namespace: kind.namespaced ? namespace : "", name };
}

/** Stores a version; the object's resource version is set to it. */
export function put(
  transaction: Transaction,
  key: Key,
  object: ApiObject,
  old: ApiObject | undefined,
): { text: string } {
  const owners = ownersOf(object);
  const version = transaction.put(key, uidOf(object), (revision) => textAt(object, revision));
  if (owners.length > 0 || (old !== undefined && ownersOf(old).length > 0)) {
    transaction.setOwners(
      uidOf(object),
      owners.flatMap((each) => stringAt(each, "uid") ?? []),
    );
  }
  return { text: version.text };
}

export function remove(transaction: Transaction, key: Key, object: ApiObject): { text: string } {
  return { text: transaction.remove(key, uidOf(object), (revision) => textAt(object, revision)).text };
}

function textAt(object: ApiObject, revision: number): string {
  object.metadata["resourceVersion"] = String(revision);
  return JSON.stringify(object);
}

/** Deleted, waiting for nobody any more. */
export function isFinished(object: ApiObject): boolean {
  const grace = numberAt(object.metadata, "deletionGracePeriodSeconds") ?? 0;
  return isTerminating(object) && holdersOf(object).length === 0 && grace === 0;
}

function check(
  kind: Kind,
  strategy: Strategy,
  object: ApiObject,
  old: ApiObject | undefined,
  options: WriteOptions,
  subresource?: Update["subresource"],
): { object: ApiObject; warnings: string[] } {
  const { object: complete, unknownFields } = admitted(kind, object);
  strategy.defaults?.(complete, old);
  const problems = [
    ...metadataProblems(kind, complete),
    ...(old === undefined ? [] : finalizerChanges(complete, old)),
    ...(subresource !== undefined && old !== undefined
      ? (strategy.validateStatus?.(complete, old) ?? [])
      : (strategy.validate?.(complete, old) ?? [])),
  ];
  if (problems.length > 0) throw invalid(kind, complete.metadata.name, problems);
  const unknown = unknownFields.map((field) => `unknown field "${field}"`);
  if (unknown.length > 0 && options.fieldValidation === "Strict") {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${unknown.join(", ")}`,
    );
  }
  return { object: complete, warnings: options.fieldValidation === "Warn" ? unknown : [] };
}

function managedFieldsOf({ metadata: { managedFields } }: ApiObject): JsonObject {
  return managedFields === undefined || sameJson(managedFields, []) ? {} : { managedFields };
}

/**
 * The managers after a write that is no apply. They are kept only of objects that somebody has applied once: the fields
 * of all others belong to nobody until then, which spares most objects half their size. A client that clears the list
 * ends the tracking, as in Kubernetes.
 */
function updatedFields(
  kind: Kind,
  given: ApiObject,
  object: ApiObject,
  old: ApiObject,
  { subresource }: Update,
  { fieldManager }: WriteOptions,
): JsonObject {
  const cleared = given.metadata["managedFields"];
  if (old.metadata["managedFields"] === undefined || sameJson(cleared, []) || sameJson(cleared, [{}])) return {};
  const writer = { manager: fieldManager, operation: "Update", subresource: subresource ?? "" } as const;
  return { managedFields: formatManagers(afterUpdate(old, object, writer, rulesOf(kind))) };
}

function finalizerChanges(object: ApiObject, old: ApiObject): ReturnType<typeof metadataProblems> {
  if (!isTerminating(old)) return [];
  const before = finalizersOf(old);
  const added = finalizersOf(object).filter((each) => !before.includes(each));
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return added.length === 0 ? [] : [forbiddenField("metadata.finalizers", detail)];
}

function checkIdentity(
  { kind, name, namespace, replaces }: Update,
  given: ApiObject,
  old: ApiObject,
  strategy: Strategy,
) {
  const { metadata } = given;
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  const itsNamespace = stringAt(metadata, "namespace") ?? namespace;
  if (kind.namespaced && itsNamespace !== namespace) {
    throw badRequest(
      `the namespace of the object (${itsNamespace}) does not match the namespace on the URL (${namespace})`,
    );
  }
  const uid = stringAt(metadata, "uid") ?? "";
  if (uid !== "" && uid !== uidOf(old)) {
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${uidOf(old)}`);
  }
  const version = stringAt(metadata, "resourceVersion") ?? "";
  if (version === "" && replaces && strategy.conditionalUpdate) {
    throw invalid(kind, name, [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  if (version !== "" && version !== old.metadata["resourceVersion"]) throw modified(kind, name);
}

/** An update of the object itself: the status, where it has its own door, stays as it was. */
function withSpecOf(kind: Kind, given: ApiObject, old: ApiObject): ApiObject {
  const object: ApiObject = { ...given, metadata: withServerOwned(given.metadata, old.metadata) };
  if (!kind.statusSubresource) return object;
  delete object["status"];
  if (old["status"] !== undefined) object["status"] = old["status"];
  return object;
}

/** An update of the status alone; of a built-in kind also labels and annotations, as in Kubernetes. */
function withStatusOf(kind: Kind, given: ApiObject, old: ApiObject): ApiObject {
  const metadata = kind.custom ? { ...old.metadata } : withServerOwned(given.metadata, old.metadata);
  const { status: _, ...rest } = old;
  return { ...rest, metadata, ...(given["status"] === undefined ? {} : { status: given["status"] }) };
}

function withServerOwned(given: Metadata, old: Metadata): Metadata {
  const metadata: Metadata = { ...without(given, ["selfLink"]), name: old.name };
  for (const key of [...serverOwned, "resourceVersion", "namespace"]) {
    const value = old[key];
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
  return metadata;
}

function wantsChanged(kind: Kind, object: ApiObject, old: ApiObject): boolean {
  const left = kind.statusSubresource ? ["metadata", "status"] : ["metadata"];
  return !sameJson(without(object, left), without(old, left));
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

function without<Value extends JsonObject>(object: Value, keys: readonly string[]): Value {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as Value;
}

/** Kubernetes' own alphabet: no vowels, so that no word comes of it. */
function randomSuffix(): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
}
