import { createHash } from "node:crypto";
import {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  parseObject,
  type Kind,
  type KubernetesObject,
} from "../../kubernetes/resources/index.ts";
import type { ConfigurationObjects } from "../configuration/configuration.ts";

/** What is written at one time, told from what is written at another by `revision`. */
export interface WrittenConfiguration {
  readonly revision: string;
  /** The objects as JSON, for a `Rollout`; undefined where they are too many for it. */
  readonly text: string | undefined;
}

const kindsOf = {
  pools: IPAddressPool,
  peers: BGPPeer,
  advertisements: BGPAdvertisement,
  bfdProfiles: BFDProfile,
  communities: Community,
} as const satisfies Record<keyof ConfigurationObjects, Kind>;
const parts = Object.keys(kindsOf) as (keyof ConfigurationObjects)[]; // the keys of a literal

/** etcd takes 1.5 MB an object by default, and JSON in a string of JSON has its quotation marks escaped. */
const mostCharacters = 900_000;

/** The part of an object that says what the user wants; what Kubernetes and we add to it is no change. */
export interface TrimmedObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The objects of a configuration in one order, whatever the order in which they were listed. */
export function trimmedObjects(objects: ConfigurationObjects): TrimmedObject[] {
  return parts
    .flatMap((part) => objects[part].map((object) => trimmed(object)))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

export function writtenConfiguration(objects: ConfigurationObjects): WrittenConfiguration {
  const text = canonicalJson(trimmedObjects(objects));
  const revision = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { revision, text: text.length > mostCharacters ? undefined : text };
}

/** The objects of a `Rollout` as they are written in it, or none where it has none, or none that can be read. */
export function readTrimmedObjects(text: string | undefined): readonly TrimmedObject[] {
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as TrimmedObject[]) : []; // parsed kind by kind before it is used
  } catch {
    return [];
  }
}

/**
 * The configuration's objects out of a `Rollout`. It holds no passwords: each is taken from the peer of the same name
 * as it is written now, if it is still the same.
 */
export function restoredObjects(text: string, now: readonly BGPPeer[]): ConfigurationObjects {
  const list = readTrimmedObjects(text);
  const of = <Value extends KubernetesObject>(kind: Kind<Value>): Value[] =>
    list
      .filter((each) => each.kind === kind.kind)
      .flatMap((each) => {
        const read = parseObject(kind, each);
        return read.ok ? [read.object] : [];
      });
  const peers = of(kindsOf.peers).map(({ spec: { password, ...spec }, ...peer }): BGPPeer => {
    const same = now.find(({ metadata }) => metadata.name === peer.metadata.name)?.spec.password;
    const isSame = same !== undefined && fingerprint(same) === password;
    return { ...peer, spec: isSame ? { ...spec, password: same } : spec };
  });
  return {
    pools: of(kindsOf.pools),
    peers,
    advertisements: of(kindsOf.advertisements),
    bfdProfiles: of(kindsOf.bfdProfiles),
    communities: of(kindsOf.communities),
  };
}

function trimmed(object: KubernetesObject & { readonly spec: object }): TrimmedObject {
  const { name, namespace, labels } = object.metadata;
  return {
    kind: object.kind,
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    spec: Object.fromEntries(
      Object.entries(object.spec).map(([field, value]) => [
        field,
        field === "password" && typeof value === "string" ? fingerprint(value) : value,
      ]),
    ),
  };
}

/** Enough to see that a password has changed, and too little to find out which it is. */
function fingerprint(password: string): string {
  return `sha256:${createHash("sha256").update(password).digest("hex").slice(0, 8)}`;
}

function nameOf({ kind, metadata }: TrimmedObject): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
