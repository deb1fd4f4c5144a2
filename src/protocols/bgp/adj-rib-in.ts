import type { Prefix } from "../../net/index.ts";
import type { PathAttribute, UpdateMessage } from "./messages.ts";
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

/** RFC 4271 §3.2, Adj-RIB-In: what one peer has told us in this session. */
export class AdjRibIn {
  readonly #keep: boolean;
  readonly #routes = new Map<number | string, ReceivedRoute>();
  announced = 0;
  withdrawn = 0;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  apply({ announced, withdrawn }: ReceivedChanges): void {
    this.announced += announced.length;
    this.withdrawn += withdrawn.length;
    if (!this.#keep) return;
    for (const prefix of withdrawn) this.#routes.delete(prefixKey(prefix));
    for (const route of announced) this.#routes.set(prefixKey(route.prefix), route);
  }

  clear(): void {
    this.#routes.clear();
    this.announced = 0;
    this.withdrawn = 0;
  }

  routes(): Iterable<ReceivedRoute> {
    return this.#routes.values();
  }
}
