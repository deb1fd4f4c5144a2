import type { AddressFamily, Prefix } from "../../../net/index.ts";
import type { PathAttribute, UpdateMessage } from "../codec/messages.ts";
import { prefixKey } from "./route.ts";

/** A route as the peer announced it; `attributes` without those that carry prefixes. */
export interface ReceivedRoute {
  readonly prefix: Prefix;
  readonly attributes: readonly PathAttribute[];
}

/** What one UPDATE changed. */
export interface ReceivedChanges {
  readonly announced: readonly ReceivedRoute[];
  readonly withdrawn: readonly Prefix[];
}

export function changesOf(update: UpdateMessage): ReceivedChanges {
  const withdrawn = [...update.withdrawn];
  const prefixes = [...update.announced];
  const attributes: PathAttribute[] = [];
  let reach: PathAttribute | undefined;
  for (const attribute of update.attributes) {
    if (attribute.type === "mp-unreach") withdrawn.push(...attribute.prefixes);
    else if (attribute.type === "mp-reach") {
      // The next hop is worth keeping, the prefixes are in `announced`.
      reach = { ...attribute, prefixes: [] };
      prefixes.push(...attribute.prefixes);
    } else attributes.push(attribute);
  }
  if (reach !== undefined) attributes.push(reach);
  return { announced: prefixes.map((prefix) => ({ prefix, attributes })), withdrawn };
}

/** RFC 4271 §3.2, Adj-RIB-In: what one peer has told us, and which of it the peer has yet to tell again. */
export class AdjRibIn {
  readonly #routes = new Map<number | string, ReceivedRoute>();
  readonly #stale = new Map<number | string, Prefix>();
  announced = 0;
  withdrawn = 0;

  get staleCount(): number {
    return this.#stale.size;
  }

  /** Counts what an UPDATE says, without a look at each prefix. */
  count({ announced, withdrawn, attributes }: UpdateMessage): void {
    this.announced += announced.length;
    this.withdrawn += withdrawn.length;
    for (const attribute of attributes) {
      if (attribute.type === "mp-reach") this.announced += attribute.prefixes.length;
      else if (attribute.type === "mp-unreach") this.withdrawn += attribute.prefixes.length;
    }
  }

  /** Keeps it. */
  apply({ announced, withdrawn }: ReceivedChanges): void {
    for (const prefix of withdrawn) this.#forget(prefixKey(prefix));
    for (const route of announced) {
      const key = prefixKey(route.prefix);
      this.#stale.delete(key);
      this.#routes.set(key, route);
    }
  }

  /** From now on the peer has to announce these routes again, or they go with `dropStale`. */
  markStale(family: AddressFamily): void {
    for (const [key, { prefix }] of this.#routes) {
      if (prefix.address.family === family) this.#stale.set(key, prefix);
    }
  }

  /** The prefixes that the peer has not announced again, now gone. */
  dropStale(family: AddressFamily): Prefix[] {
    const dropped = [...this.#stale].filter(([, prefix]) => prefix.address.family === family);
    for (const [key] of dropped) this.#forget(key);
    return dropped.map(([, prefix]) => prefix);
  }

  clear(): void {
    this.#routes.clear();
    this.#stale.clear();
  }

  routes(): Iterable<ReceivedRoute> {
    return this.#routes.values();
  }

  #forget(key: number | string): void {
    this.#routes.delete(key);
    this.#stale.delete(key);
  }
}
