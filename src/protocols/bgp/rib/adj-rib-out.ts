import { isLinkLocal, type AddressFamily, type Prefix } from "../../../net/index.ts";
import { maxMessageLength } from "../codec/messages.ts";
import type { WithheldRoutes } from "../status.ts";
import { attributesKey, encodeAttributes, pathAttributes } from "./path-attributes.ts";
import { ChangeQueue, type Queued } from "./change-queue.ts";
import type { RouteContext } from "./route-context.ts";
import { prefixKey, type Route, type RouteAttributes, type RouteChanges } from "./route.ts";
import { holdsAny, packAnnouncements, packWithdrawals, type Envelope, type PrefixQueue } from "./update-packer.ts";

/** One prefix: what the peer shall have, what it has, and the group in which the difference waits to be sent. */
interface Entry extends Queued {
  readonly prefix: Prefix;
  wanted: AttributeSet | undefined;
  sent: AttributeSet | undefined;
  queuedIn: Group | undefined;
  /** The call of `replace` that last named it. */
  generation: number;
}

/** Attributes that many routes share, held once. */
interface AttributeSet {
  readonly key: string;
  readonly attributes: RouteAttributes;
  /** Entries that want it or have been sent it. */
  uses: number;
  readonly groups: { readonly 4: Group; readonly 6: Group };
}

/** Entries whose change can go out in the same UPDATE. */
class Group extends ChangeQueue<Entry> {
  readonly family: AddressFamily;
  /** `undefined`: they are withdrawn. */
  readonly set: AttributeSet | undefined;
  /** How the current session says it; filled when first needed. */
  encoding: Encoding | undefined;

  constructor(family: AddressFamily, set: AttributeSet | undefined) {
    super();
    this.family = family;
    this.set = set;
  }
}

type Encoding = { readonly code: "sendable"; readonly envelope: Envelope } | { readonly code: WithheldRoutes["code"] };

/**
 * RFC 4271 §3.2: what one peer has been told, against what it shall be told. Changes wait in groups of equal attributes,
 * so that each message takes as many as fit, and only as much is encoded as the transport takes.
 */
export class AdjRibOut {
  readonly #entries = new Map<number | string, Entry>();
  readonly #sets = new Map<string, AttributeSet>();
  #setOf = new WeakMap<RouteAttributes, AttributeSet>();
  readonly #withdrawals = { 4: new Group(4, undefined), 6: new Group(6, undefined) } as const;
  /** Groups with entries, in the order in which they got their first. */
  readonly #queue = new Set<Group>();
  readonly #sent = { 4: 0, 6: 0 };
  #pending = 0;
  #generation = 0;
  #session: RouteContext | undefined;

  /** Makes `routes` all that the peer shall have. Of two with one prefix the last counts. */
  replace(routes: Iterable<Route>): void {
    this.#generation += 1;
    for (const route of routes) this.#announce(route).generation = this.#generation;
    for (const entry of this.#entries.values()) {
      if (entry.generation !== this.#generation) this.#want(entry, undefined);
    }
  }

  /** Withdrawals first: what is both withdrawn and announced stays announced. */
  change(changes: RouteChanges): void {
    for (const prefix of changes.withdraw ?? []) {
      const entry = this.#entries.get(prefixKey(prefix));
      if (entry !== undefined) this.#want(entry, undefined);
    }
    for (const route of changes.announce ?? []) this.#announce(route).generation = this.#generation;
  }

  /** What the peer shall have. */
  *routes(): Generator<Route, void> {
    for (const { prefix, wanted } of this.#entries.values()) {
      if (wanted !== undefined) yield { prefix, attributes: wanted.attributes };
    }
  }

  /** A session has been established: its peer has nothing yet, or is going to forget what it has. */
  attach(session: RouteContext): void {
    this.#use(session);
    if (this.#sent[4] + this.#sent[6] === 0) return; // then all wait already
    for (const entry of this.#entries.values()) {
      if (entry.sent !== undefined) this.#setSent(entry, undefined);
      this.#enqueue(entry);
    }
  }

  /** The session is over, and with it what the peer had. */
  detach(): void {
    this.#session = undefined;
    for (const entry of this.#entries.values()) {
      this.#setSent(entry, undefined);
      this.#enqueue(entry);
    }
  }

  /** Says all routes of one family again (RFC 2918 §4). */
  refresh(family: AddressFamily): void {
    for (const entry of this.#entries.values()) {
      if (entry.prefix.address.family !== family || entry.sent === undefined) continue;
      this.#setSent(entry, outdated);
      this.#enqueue(entry);
    }
  }

  /** The session goes on, but its routes are said in another way from now on: all of them are said again. */
  reword(session: RouteContext): void {
    this.#use(session);
    for (const family of session.families) this.refresh(family);
  }

  #use(session: RouteContext): void {
    this.#session = session;
    for (const set of this.#sets.values()) {
      set.groups[4].encoding = undefined;
      set.groups[6].encoding = undefined;
    }
  }

  /** The next UPDATE to send; its changes count as sent. `undefined` when there is none, or none that can be sent. */
  next(): Uint8Array | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    for (const group of this.#queue) {
      const message = group.set === undefined ? undefined : this.#pack(group, group.set, session);
      if (message !== undefined) return message;
    }
    // Last, so that a route that replaces another is there before the other goes.
    for (const family of [4, 6] as const) {
      const group = this.#withdrawals[family];
      if (group.size > 0) return packWithdrawals(family, limitOf(session), this.#prefixesOf(group));
    }
    return undefined;
  }

  get sent(): Readonly<Record<AddressFamily, number>> {
    return { ...this.#sent };
  }

  /** Changes that wait, also those that the session cannot carry. */
  get pending(): number {
    return this.#pending;
  }

  /** What the session cannot carry, by family and reason. */
  get withheld(): WithheldRoutes[] {
    const session = this.#session;
    if (session === undefined) return [];
    const found: WithheldRoutes[] = [];
    for (const { family, set, size, encoding } of this.#queue) {
      if (set === undefined || encoding === undefined || encoding.code === "sendable") continue;
      const same = found.findIndex((each) => each.family === family && each.code === encoding.code);
      const count = size + (found[same]?.count ?? 0);
      if (same >= 0) found.splice(same, 1);
      found.push({ family, count, code: encoding.code });
    }
    return found;
  }

  #announce(route: Route): Entry {
    const key = prefixKey(route.prefix);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { prefix: route.prefix, wanted: undefined, sent: undefined, queuedIn: undefined, generation: 0 };
      this.#entries.set(key, entry);
    }
    this.#want(entry, this.#intern(route.attributes ?? noAttributes));
    return entry;
  }

  #want(entry: Entry, set: AttributeSet | undefined): void {
    if (entry.wanted === set) return;
    if (set !== undefined) set.uses += 1;
    const before = entry.wanted;
    entry.wanted = set;
    this.#enqueue(entry);
    if (before !== undefined) this.#release(before);
  }

  #setSent(entry: Entry, set: AttributeSet | undefined): void {
    const before = entry.sent;
    if (before === set) return;
    const { family } = entry.prefix.address;
    if (set !== undefined) {
      set.uses += 1;
      this.#sent[family] += 1;
    }
    entry.sent = set;
    if (before !== undefined) {
      this.#sent[family] -= 1;
      this.#release(before);
    }
  }

  /** Puts `entry` where its difference belongs; forgets it when nobody wants it and nobody has it. */
  #enqueue(entry: Entry): void {
    const { family } = entry.prefix.address;
    const due = entry.wanted === entry.sent ? undefined : (entry.wanted?.groups[family] ?? this.#withdrawals[family]);
    if (due !== entry.queuedIn) {
      this.#dequeue(entry);
      if (due !== undefined) {
        due.push(entry);
        this.#queue.add(due);
        this.#pending += 1;
      }
    }
    if (entry.wanted === undefined && entry.sent === undefined) this.#entries.delete(prefixKey(entry.prefix));
  }

  #dequeue(entry: Entry): void {
    const group = entry.queuedIn;
    if (group === undefined) return;
    group.remove(entry);
    if (group.size === 0) this.#queue.delete(group);
    this.#pending -= 1;
  }

  #pack(group: Group, set: AttributeSet, session: RouteContext): Uint8Array | undefined {
    group.encoding ??= encodingOf(set.attributes, group.family, session);
    if (group.encoding.code !== "sendable") return undefined;
    return packAnnouncements(group.encoding.envelope, this.#prefixesOf(group));
  }

  #prefixesOf(group: Group): PrefixQueue {
    return {
      peek: () => group.peek()?.prefix,
      take: () => {
        const entry = group.peek();
        if (entry === undefined) return;
        this.#setSent(entry, entry.wanted);
        this.#enqueue(entry);
      },
    };
  }

  #intern(attributes: RouteAttributes): AttributeSet {
    const known = this.#setOf.get(attributes);
    if (known !== undefined && this.#sets.get(known.key) === known) return known;
    const key = attributesKey(attributes);
    const set = this.#sets.get(key) ?? newSet(key, attributes);
    this.#sets.set(key, set);
    this.#setOf.set(attributes, set);
    return set;
  }

  #release(set: AttributeSet): void {
    set.uses -= 1;
    if (set.uses === 0 && this.#sets.get(set.key) === set) this.#sets.delete(set.key);
  }
}

const noAttributes: RouteAttributes = {};

/** Stands for what the peer has of a route that is to be said again: it equals nothing that may be wanted. */
const outdated = newSet("outdated", noAttributes);

function newSet(key: string, attributes: RouteAttributes): AttributeSet {
  const groups: Partial<Record<AddressFamily, Group>> = {};
  const set = { key, attributes, uses: 0, groups: groups as AttributeSet["groups"] }; // filled on the next line
  Object.assign(groups, { 4: new Group(4, set), 6: new Group(6, set) });
  return set;
}

function encodingOf(route: RouteAttributes, family: AddressFamily, session: RouteContext): Encoding {
  if (!session.families.includes(family)) return { code: "family-not-negotiated" };
  const nextHop = route.nextHop ?? session.nextHops[family];
  if (nextHop === undefined || (nextHop.family !== family && !(family === 4 && session.extendedNextHop === true))) {
    return { code: "no-next-hop" };
  }
  const [classic, multiprotocol] = nextHop.family === 4 ? [nextHop, undefined] : [undefined, nextHop];
  const attributes = encodeAttributes(pathAttributes(route, classic, session), session);
  if (attributes === undefined) return { code: "attributes-too-long" };
  // A next hop that a route names is somebody else's: our link-local address would lead elsewhere.
  const isOwn = route.nextHop === undefined && multiprotocol !== undefined && !isLinkLocal(multiprotocol);
  const linkLocal = isOwn ? session.linkLocal : undefined;
  const envelope = { family, attributes, nextHop: multiprotocol, linkLocal, limit: limitOf(session) };
  return holdsAny(envelope) ? { code: "sendable", envelope } : { code: "attributes-too-long" };
}

function limitOf(session: RouteContext): number {
  return session.maxMessageLength ?? maxMessageLength;
}
