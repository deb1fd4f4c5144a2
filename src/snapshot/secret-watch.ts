import { isApiError, watchKind, type Client, type ClientError, type Informer } from "../kubernetes/client/index.ts";
import { Secret, type BGPPeer } from "../kubernetes/resources/index.ts";
import type { PeerSecrets } from "../plan/index.ts";

interface Watched {
  readonly informer: Informer<Secret>;
  readonly stop: () => void;
  isForbidden: boolean;
}

/**
 * The Secrets that peers name, each by a watch of its own: no other is ever read, and a role that names them is enough.
 */
export class SecretWatch {
  readonly #client: Client;
  readonly #namespace: string;
  readonly #changed: () => void;
  readonly #onDisconnect: (error: ClientError) => void;
  readonly #signal: AbortSignal;
  readonly #watched = new Map<string, Watched>();

  constructor(
    client: Client,
    { namespace, onDisconnect }: { readonly namespace: string; readonly onDisconnect: (error: ClientError) => void },
    changed: () => void,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#namespace = namespace;
    this.#changed = changed;
    this.#onDisconnect = onDisconnect;
    this.#signal = signal;
  }

  /** Makes these all the Secrets that are watched; calls `changed`, but never within this call, when one is known. */
  want(names: ReadonlySet<string>): void {
    for (const [name, { stop }] of this.#watched) {
      if (names.has(name)) continue;
      this.#watched.delete(name);
      stop();
    }
    for (const name of names) if (!this.#watched.has(name)) this.#watch(name);
  }

  /** All that is wanted, or undefined while one of them has not been read yet. */
  get secrets(): PeerSecrets | undefined {
    const secrets = new Map<string, Secret | "missing" | "forbidden">();
    for (const [name, { informer, isForbidden }] of this.#watched) {
      if (isForbidden) secrets.set(name, "forbidden");
      else if (informer.isSynced) secrets.set(name, [...informer.cache.values()][0] ?? "missing");
      else return undefined;
    }
    return secrets;
  }

  #watch(name: string): void {
    const stopping = new AbortController();
    const signal = AbortSignal.any([this.#signal, stopping.signal]);
    const heard = (isForbidden: boolean) => {
      if (this.#watched.get(name) !== watched) return;
      watched.isForbidden = isForbidden;
      this.#changed();
    };
    const onDisconnect = (error: ClientError) => {
      if (isApiError(error, "forbidden")) heard(true);
      else this.#onDisconnect(error);
    };
    const where = {
      namespace: this.#namespace,
      fieldSelector: `metadata.name=${name}`,
      onDisconnect,
      trim: passwordOnly,
    };
    const informer = watchKind(this.#client, Secret, where, () => heard(false), signal);
    const watched: Watched = { informer, stop: () => stopping.abort(), isForbidden: false };
    this.#watched.set(name, watched);
    // A list with nothing in it is news, too, and no change.
    informer.synced.then(
      () => heard(false),
      () => {}, // nobody wants it any more
    );
  }
}

/** Nothing else of it is kept in memory. */
function passwordOnly(secret: Secret): Secret {
  const password = secret.data?.["password"];
  return { ...secret, data: password === undefined ? {} : { password } };
}

/** The Secrets that these peers name. */
export function secretNames(peers: Iterable<BGPPeer>): ReadonlySet<string> {
  return new Set([...peers].flatMap(({ spec }) => spec.passwordSecret?.name || []));
}
