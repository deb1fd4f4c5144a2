import type { Kind } from "../resources/index.ts";
import { numberAt, stringAt } from "./json.ts";
import { holdersOf, isTerminating, ownersOf, resourceKey, uidOf, type ApiObject } from "./object.ts";
import { ApiError } from "./status.ts";
import type { Key, Transaction } from "./store/store.ts";

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

/** What etcd takes by default. */
const maxObjectBytes = 1.5 * 1024 * 1024;

function textAt(object: ApiObject, revision: number): string {
  object.metadata["resourceVersion"] = String(revision);
  const text = JSON.stringify(object);
  if (text.length > maxObjectBytes) {
    throw new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${maxObjectBytes}`);
  }
  return text;
}

/** Deleted, waiting for nobody any more. */
export function isFinished(object: ApiObject): boolean {
  const grace = numberAt(object.metadata, "deletionGracePeriodSeconds") ?? 0;
  return isTerminating(object) && holdersOf(object).length === 0 && grace === 0;
}
