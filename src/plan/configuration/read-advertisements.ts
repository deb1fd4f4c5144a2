import { ownAnnotations, selects, type BGPAdvertisement } from "../../kubernetes/resources/index.ts";
import { addressBits } from "../../net/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import { communityForms, communityOf, type CommunityNames } from "./communities.ts";
import { complainOf, type Complain } from "./complaint.ts";
import type { Advertisement, Community } from "./configuration.ts";
import { numberIn, wordIn } from "./own-annotations.ts";
import type { Pool } from "./pool.ts";

/** What advertisements name by name. */
export interface AdvertisementSurroundings {
  readonly pools: readonly Pool[];
  readonly peers: ReadonlySet<string>;
  readonly communities: CommunityNames;
}

/** The length of an AS_PATH is a hop count to routers: more than this is a slip of the hand. */
const mostPrepended = 50;
/** As many as MetalLB takes. */
const mostCommunities = 63;

/** The advertisement of a BGPAdvertisement; what is wrong with it goes to `problems`. */
export function readAdvertisement(
  object: BGPAdvertisement,
  { pools, peers, communities: names }: AdvertisementSurroundings,
  problems: ConfigurationReason[],
): Advertisement {
  const { spec, metadata } = object;
  const complain = complainOf(object, problems);
  for (const [index, name] of (spec.ipAddressPools ?? []).entries()) {
    if (pools.some((pool) => pool.name === name)) continue;
    complain(`spec.ipAddressPools[${index}]`, name, "must be the name of an IPAddressPool", "unknownPool");
  }
  for (const [index, name] of (spec.peers ?? []).entries()) {
    if (peers.has(name)) continue;
    complain(`spec.peers[${index}]`, name, "must be the name of a BGPPeer", "unknownPeer");
  }
  checkAggregation(spec, complain);
  return {
    name: metadata.name,
    aggregationLength: { 4: spec.aggregationLength, 6: spec.aggregationLengthV6 },
    localPref: spec.localPref,
    communities: readCommunities(spec, names, complain),
    med: numberIn(object, ownAnnotations.med, { least: 0, most: 0xffff_ffff }, complain),
    prepend: numberIn(object, ownAnnotations.prepend, { least: 0, most: mostPrepended }, complain) ?? 0,
    weight: wordIn(object, ownAnnotations.weight, ["local-endpoints"], complain),
    pools: new Set(poolsOf(spec, pools)),
    nodeSelectors: spec.nodeSelectors ?? [],
    serviceSelectors: spec.serviceSelectors ?? [],
    peers: spec.peers ?? [],
  };
}

type Spec = BGPAdvertisement["spec"];

function readCommunities(spec: Spec, names: CommunityNames, complain: Complain): Community[] {
  const texts = spec.communities ?? [];
  if (texts.length > mostCommunities) {
    complain("spec.communities", `${texts.length} of them`, `must be at most ${mostCommunities}`, "community");
  }
  return texts.flatMap((text, index) => {
    const community = communityOf(text, names);
    if (community === undefined) complain(`spec.communities[${index}]`, text, communityForms, "community");
    return community ?? [];
  });
}

/** An aggregate is announced for all Services in it, which a selection of Services contradicts. */
function checkAggregation(spec: Spec, complain: Complain): void {
  if ((spec.serviceSelectors ?? []).length === 0) return;
  const lengths = { aggregationLength: 4, aggregationLengthV6: 6 } as const;
  for (const field of ["aggregationLength", "aggregationLengthV6"] as const) {
    const whole = addressBits(lengths[field]);
    if (spec[field] === whole) continue;
    complain(`spec.${field}`, spec[field], `must be ${whole}, or serviceSelectors be left out`, "aggregation");
  }
}

/** Without names and selectors it is for every pool. */
function poolsOf(spec: Spec, pools: readonly Pool[]): string[] {
  const names = spec.ipAddressPools ?? [];
  const selectors = spec.ipAddressPoolSelectors ?? [];
  const all = names.length === 0 && selectors.length === 0;
  return pools
    .filter((pool) => all || names.includes(pool.name) || selectors.some((each) => selects(each, pool.labels)))
    .map((pool) => pool.name);
}
