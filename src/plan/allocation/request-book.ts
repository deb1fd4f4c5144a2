import type { AddressRequest } from "./address-request.ts";
import type { Requests } from "./address-search.ts";

/** The Services that are known and what they ask for, by name, by UID and by sharing key. */
export class RequestBook implements Requests {
  readonly #requests = new Map<string, AddressRequest>();
  readonly #keyByUid = new Map<string, string>();
  readonly #uidsBySharingKey = new Map<string, Set<string>>();

  /** Enters a Service, in place of what was there under its name; it asks for nothing where there is no request. */
  enter(key: string, uid: string, request: AddressRequest | undefined): void {
    this.#dropSharing(key);
    this.#keyByUid.set(uid, key);
    if (request === undefined) {
      this.#requests.delete(key);
      return;
    }
    this.#requests.set(key, request);
    if (request.sharing === undefined) return;
    const uids = this.#uidsBySharingKey.get(request.sharing.key) ?? new Set();
    this.#uidsBySharingKey.set(request.sharing.key, uids.add(uid));
  }

  strike(key: string, uid: string): void {
    this.#dropSharing(key);
    this.#keyByUid.delete(uid);
    this.#requests.delete(key);
  }

  get(key: string): AddressRequest | undefined {
    return this.#requests.get(key);
  }

  all(): IterableIterator<AddressRequest> {
    return this.#requests.values();
  }

  keyOf(uid: string): string | undefined {
    return this.#keyByUid.get(uid);
  }

  byUid(uid: string): AddressRequest | undefined {
    const key = this.#keyByUid.get(uid);
    return key === undefined ? undefined : this.#requests.get(key);
  }

  sharing(key: string): Iterable<string> {
    return this.#uidsBySharingKey.get(key) ?? [];
  }

  #dropSharing(key: string): void {
    const { sharing, uid } = this.#requests.get(key) ?? {};
    if (sharing !== undefined && uid !== undefined) this.#uidsBySharingKey.get(sharing.key)?.delete(uid);
  }
}
