import { addressBits, parseAddress, type AddressFamily } from "../../net/index.ts";
import { keyOf, selects, type BGPAdvertisement } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { Advertisement, Community } from "./configuration.ts";
import type { Pool } from "./pool.ts";

/** The advertisement of a BGPAdvertisement; what is wrong with it goes to `problems`. */
export function readAdvertisement(
  object: BGPAdvertisement,
  pools: readonly Pool[],
  peers: ReadonlySet<string>,
  problems: ConfigurationReason[],
): Advertisement {
  const { spec, metadata } = object;
  const wrong = (code: "unknownPool" | "unknownPeer" | "community", field: string, value: string, expected: string) => {
    problems.push({
      code: `configuration.${code}`,
      object: `BGPAdvertisement ${keyOf(object)}`,
      field,
      value,
      expected,
    });
  };
  for (const [index, name] of (spec.ipAddressPools ?? []).entries()) {
    if (pools.some((pool) => pool.name === name)) continue;
    wrong("unknownPool", `spec.ipAddressPools[${index}]`, name, "must be the name of an IPAddressPool");
  }
  for (const [index, name] of (spec.peers ?? []).entries()) {
    if (peers.has(name)) continue;
    wrong("unknownPeer", `spec.peers[${index}]`, name, "must be the name of a BGPPeer");
  }
  const communities = (spec.communities ?? []).flatMap((text, index) => {
    const community = parseCommunity(text);
    if (community !== undefined) return [community];
    wrong("community", `spec.communities[${index}]`, text, "must be 65535:65535 or large:1:2:3");
    return [];
  });
  return {
    name: metadata.name,
    aggregationLength: { 4: spec.aggregationLength, 6: spec.aggregationLengthV6 },
    localPref: spec.localPref,
    communities,
    pools: new Set(poolsOf(spec, pools)),
    nodeSelectors: spec.nodeSelectors ?? [],
    serviceSelectors: spec.serviceSelectors ?? [],
    peers: spec.peers ?? [],
  };
}

/** Without names and selectors it is for every pool. */
function poolsOf(spec: BGPAdvertisement["spec"], pools: readonly Pool[]): string[] {
  const names = spec.ipAddressPools ?? [];
  const selectors = spec.ipAddressPoolSelectors ?? [];
  const all = names.length === 0 && selectors.length === 0;
  return pools
    .filter((pool) => all || names.includes(pool.name) || selectors.some((each) => selects(each, pool.labels)))
    .map((pool) => pool.name);
}

/** RFC 1997 writes `65000:1`; RFC 8092 has three numbers of 32 bits, which MetalLB writes `large:1:2:3`. */
function parseCommunity(text: string): Community | undefined {
  const parts = text.split(":");
  const numbers = (parts[0] === "large" ? parts.slice(1) : parts).map((part) =>
    /^[0-9]{1,10}$/.test(part) ? Number(part) : Number.NaN,
  );
  const [a, b, c] = numbers;
  if (a === undefined || b === undefined) return undefined;
  if (parts[0] === "large") {
    const fits = numbers.length === 3 && numbers.every((each) => each <= 0xffffffff);
    return fits && c !== undefined ? { type: "large", value: [a, b, c] } : undefined;
  }
  const fits = numbers.length === 2 && numbers.every((each) => each <= 0xffff);
  return fits ? { type: "standard", value: a * 65_536 + b } : undefined;
}

/** An aggregate must not be longer than a host's prefix nor cover more than a range of the pool that it announces. */
export function aggregationProblems(
  advertisement: Advertisement,
  object: string,
  objects: readonly { readonly name: string; readonly addresses: readonly string[] }[],
): ConfigurationReason[] {
  return objects
    .filter((pool) => advertisement.pools.has(pool.name))
    .flatMap((pool) =>
      pool.addresses.flatMap((text) => {
        const [start, length] = text.trim().split("/");
        const family: AddressFamily | undefined = parseAddress(start ?? "")?.family;
        if (length === undefined || family === undefined) return [];
        const wanted = advertisement.aggregationLength[family];
        if (wanted >= Number(length) || wanted === addressBits(family)) return [];
        const reason: ConfigurationReason = {
          code: "configuration.aggregation",
          object,
          field: family === 4 ? "spec.aggregationLength" : "spec.aggregationLengthV6",
          value: String(wanted),
          expected: `must not be shorter than ${text} of pool ${pool.name}`,
        };
        return [reason];
      }),
    );
}
