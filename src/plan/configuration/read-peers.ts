import { formatAddress, parseAddress, parseRange, rangeContains, sameAddress, type Address } from "../../net/index.ts";
import { keyOf, selects, type BFDProfile, type BGPPeer, type Node } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { Peer } from "./configuration.ts";
import { parseDurationMs } from "./duration.ts";

const defaultHoldTimeMs = 90_000;

/** The peer of a BGPPeer; what is wrong with it goes to `problems`. */
export function readPeer(
  object: BGPPeer,
  profiles: readonly BFDProfile[],
  problems: ConfigurationReason[],
): Peer | undefined {
  const { spec, metadata } = object;
  const before = problems.length;
  const wrong = (
    field: string,
    value: string | number | undefined,
    expected: string,
    code: "field" | "unsupported" | "unknownProfile" = "field",
  ) => {
    problems.push({
      code: `configuration.${code}`,
      object: `BGPPeer ${keyOf(object)}`,
      field: `spec.${field}`,
      value: String(value ?? "nothing"),
      expected,
    });
  };
  const addressOf = (field: "peerAddress" | "sourceAddress" | "routerID"): Address | undefined => {
    const text = spec[field];
    const address = text === undefined ? undefined : parseAddress(text);
    if (text !== undefined && address === undefined) wrong(field, text, "must be an IP address");
    return address;
  };
  const timeOf = (field: "holdTime" | "keepaliveTime" | "connectTime"): number | undefined => {
    const text = spec[field];
    const ms = text === undefined ? undefined : parseDurationMs(text);
    if (text !== undefined && ms === undefined) wrong(field, text, "must be a duration such as 90s");
    return ms;
  };

  const address = addressOf("peerAddress");
  if (spec.peerAddress === undefined) wrong("peerAddress", undefined, "must be the router's IP address");
  if (address !== undefined && isNoRouter(address)) wrong("peerAddress", spec.peerAddress, "must be of one router");
  if (!spec.peerASN) wrong("peerASN", spec.peerASN, "must be the router's AS number");
  const routerId = addressOf("routerID");
  if (routerId?.family === 6) wrong("routerID", spec.routerID, "must be an IPv4 address");
  if (routerId?.value === 0) wrong("routerID", spec.routerID, "must be any address but this one (RFC 6286 §2.1)");
  const sourceAddress = addressOf("sourceAddress");
  if (sourceAddress !== undefined && sourceAddress.family !== address?.family) {
    wrong("sourceAddress", spec.sourceAddress, "must be of the family of peerAddress");
  }
  const holdTimeMs = timeOf("holdTime") ?? defaultHoldTimeMs;
  if (holdTimeMs !== 0 && (holdTimeMs < 3_000 || holdTimeMs > 65_535_000 || holdTimeMs % 1_000 !== 0)) {
    wrong("holdTime", spec.holdTime, "must be 0s, or from 3s to 65535s in whole seconds (RFC 4271 §4.2)");
  }
  const keepaliveTimeMs = timeOf("keepaliveTime");
  if (keepaliveTimeMs !== undefined && keepaliveTimeMs > holdTimeMs) {
    wrong("keepaliveTime", spec.keepaliveTime, "must not be longer than holdTime");
  }
  if (keepaliveTimeMs === 0) wrong("keepaliveTime", spec.keepaliveTime, "must be longer than nothing");
  const connectTimeMs = timeOf("connectTime");
  if (connectTimeMs !== undefined && (connectTimeMs < 1_000 || connectTimeMs > 65_535_000 || connectTimeMs % 1_000)) {
    wrong("connectTime", spec.connectTime, "must be whole seconds, from 1s to 65535s");
  }
  const bfd = profiles.find((profile) => profile.metadata.name === spec.bfdProfile)?.spec;
  if (spec.bfdProfile !== undefined && bfd === undefined) {
    wrong("bfdProfile", spec.bfdProfile, "must be the name of a BFDProfile", "unknownProfile");
  }
  if (spec.password !== undefined) {
    wrong("password", "(set)", "is not supported yet: leave it out", "unsupported");
  }
  if (problems.length > before || address === undefined) return undefined;
  return {
    name: metadata.name,
    address,
    port: spec.peerPort,
    myAsn: spec.myASN,
    peerAsn: spec.peerASN ?? 0,
    holdTimeMs,
    keepaliveTimeMs,
    connectTimeMs,
    routerId,
    sourceAddress,
    bfd,
    isMultihop: spec.ebgpMultiHop ?? false,
    nodeSelectors: spec.nodeSelectors ?? [],
  };
}

/** "This host" of RFC 1122, multicast, what is reserved; no single router answers there. */
const noRouters = ["0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"];

function isNoRouter(address: Address): boolean {
  return noRouters.some((text) => {
    const range = parseRange(text);
    return !("code" in range) && rangeContains(range, address);
  });
}

/** One node has one session with one address: of two peers with the same, no node may have both. */
export function sharedPeerAddresses(
  objects: readonly BGPPeer[],
  peers: readonly Peer[],
  nodes: readonly Node[],
): ConfigurationReason[] {
  return peers.flatMap((peer, index) => {
    for (const other of peers.slice(0, index)) {
      if (!sameAddress(peer.address, other.address)) continue;
      const both = nodes.find((node) => [peer, other].every((each) => isFor(each, node)));
      if (both === undefined) continue;
      const object = objects.find((each) => each.metadata.name === peer.name);
      const reason: ConfigurationReason = {
        code: "configuration.field",
        object: `BGPPeer ${object === undefined ? peer.name : keyOf(object)}`,
        field: "spec.peerAddress",
        value: formatAddress(peer.address),
        expected: `must be another than that of peer ${other.name}, or nodeSelectors must not both select ${both.metadata.name}`,
      };
      return [reason];
    }
    return [];
  });
}

function isFor({ nodeSelectors }: Peer, { metadata }: Node): boolean {
  return nodeSelectors.length === 0 || nodeSelectors.some((each) => selects(each, metadata.labels));
}
