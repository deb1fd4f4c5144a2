import { parseAddress, parseRange, rangeContains, type Address } from "../../net/index.ts";
import { ownAnnotations, type BFDProfile, type BGPPeer } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import { complainOf, type Complain } from "./complaint.ts";
import type { Peer, PeerReach, PeerSecrets } from "./configuration.ts";
import { numberIn, wordIn } from "./own-annotations.ts";
import { readPassword } from "./peer-password.ts";
import { readSourceChoice } from "./source-choice.ts";
import { readTimers } from "./peer-timers.ts";

/** What peers name by name. */
export interface PeerSurroundings {
  readonly bfdProfiles: readonly BFDProfile[];
  readonly secrets: PeerSecrets;
}

/** The peer of a BGPPeer; what is wrong with it goes to `problems`. */
export function readPeer(
  object: BGPPeer,
  { bfdProfiles, secrets }: PeerSurroundings,
  problems: ConfigurationReason[],
): Peer | undefined {
  const { spec, metadata } = object;
  const before = problems.length;
  const complain = complainOf(object, problems);
  const reach = readReach(spec, complain);
  const family = reach?.by === "address" ? reach.address.family : undefined;
  const asns = readAsNumbers(spec, complain);
  const timers = readTimers(object, complain);
  const md5Password = readPassword(object, secrets, complain);
  const routerId = readAddress(spec, "routerID", complain);
  if (routerId?.family === 6) complain("spec.routerID", spec.routerID, "must be an IPv4 address");
  if (routerId?.value === 0) {
    complain("spec.routerID", spec.routerID, "must be any address but this one (RFC 6286 §2.1)");
  }
  const sourceAddress = readAddress(spec, "sourceAddress", complain);
  if (sourceAddress !== undefined && sourceAddress.family !== family) {
    complain("spec.sourceAddress", spec.sourceAddress, "must be of the family of peerAddress");
  }
  const sourceFrom = readSourceChoice(object, reach, complain);
  const bfd = bfdProfiles.find((profile) => profile.metadata.name === spec.bfdProfile)?.spec;
  if (spec.bfdProfile !== undefined && bfd === undefined) {
    complain("spec.bfdProfile", spec.bfdProfile, "must be the name of a BFDProfile", "unknownProfile");
  }
  if (spec.vrf !== undefined && !/^[^\s/]{1,15}$/.test(spec.vrf)) {
    complain("spec.vrf", spec.vrf, "must be the name of a link, of 1 to 15 characters");
  }
  const modes = ["both", "passive", "active"] as const;
  const connectMode = wordIn(object, ownAnnotations.connectMode, modes, complain) ?? "both";
  const nextHop = wordIn(object, ownAnnotations.nextHop, ["session", "node"] as const, complain) ?? "session";
  if (nextHop === "node" && reach?.by === "interface") {
    const where = `metadata.annotations[${ownAnnotations.nextHop}]`;
    complain(where, nextHop, "must be left out for a router on a link of the node");
  }
  const origin = wordIn(object, ownAnnotations.origin, ["igp", "incomplete"] as const, complain) ?? "incomplete";
  const hops = { least: 1, most: 254 };
  const ttlSecurityHops = numberIn(object, ownAnnotations.ttlSecurityHops, hops, complain);
  if (problems.length > before || reach === undefined) return undefined;
  return {
    name: metadata.name,
    reach,
    port: spec.peerPort,
    ...asns,
    families: family === undefined || spec.dualStackAddressFamily === true ? [4, 6] : [family],
    ...timers,
    routerId,
    sourceAddress,
    sourceFrom,
    nextHop,
    origin,
    vrf: spec.vrf,
    md5Password,
    gracefulRestart: spec.enableGracefulRestart ?? false,
    connectMode,
    ttlSecurityHops,
    bfd,
    isMultihop: spec.ebgpMultiHop ?? false,
    nodeSelectors: spec.nodeSelectors ?? [],
  };
}

type Spec = BGPPeer["spec"];

function readReach(spec: Spec, complain: Complain): PeerReach | undefined {
  if (spec.interface !== undefined) {
    if (spec.peerAddress !== undefined) {
      complain("spec.interface", spec.interface, "must be left out where there is a peerAddress");
    }
    if (!/^[^\s/]{1,15}$/.test(spec.interface)) {
      complain("spec.interface", spec.interface, "must be the name of a link, of 1 to 15 characters");
    }
    if (spec.ebgpMultiHop === true) {
      complain("spec.ebgpMultiHop", "true", "must be left out for a router on a link of the node");
    }
    return { by: "interface", interface: spec.interface };
  }
  const address = readAddress(spec, "peerAddress", complain);
  if (spec.peerAddress === undefined) {
    complain("spec.peerAddress", undefined, "must be the router's IP address, or interface the link that it is on");
  }
  if (address !== undefined && isNoRouter(address)) {
    complain("spec.peerAddress", spec.peerAddress, "must be of one router");
  }
  return address === undefined ? undefined : { by: "address", address };
}

function readAsNumbers(spec: Spec, complain: Complain): Pick<Peer, "localAsn" | "remoteAsn"> {
  const { myASN, localASN: localAsn = myASN, peerASN = 0, dynamicASN } = spec;
  if (dynamicASN === undefined && peerASN === 0) {
    complain("spec.peerASN", spec.peerASN, "must be the router's AS number, or dynamicASN be internal or external");
  }
  if (dynamicASN !== undefined && peerASN !== 0) {
    complain("spec.peerASN", peerASN, "must be left out where there is a dynamicASN");
  }
  const remoteAsn = dynamicASN ?? peerASN;
  if (spec.ebgpMultiHop === true && (remoteAsn === "internal" || remoteAsn === localAsn)) {
    complain("spec.ebgpMultiHop", "true", "must be left out for a router of the same AS");
  }
  return { localAsn, remoteAsn };
}

function readAddress(
  spec: Spec,
  field: "peerAddress" | "sourceAddress" | "routerID",
  complain: Complain,
): Address | undefined {
  const text = spec[field];
  const address = text === undefined ? undefined : parseAddress(text);
  if (text !== undefined && address === undefined) complain(`spec.${field}`, text, "must be an IP address");
  return address;
}

/** "This host" of RFC 1122, multicast, what is reserved; no single router answers there. */
const noRouters = ["0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"];

function isNoRouter(address: Address): boolean {
  return noRouters.some((text) => {
    const range = parseRange(text);
    return !("code" in range) && rangeContains(range, address);
  });
}
