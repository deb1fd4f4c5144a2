import assert from "node:assert/strict";
import { formatPrefix, ipv4, parsePrefix, type Ipv4Address, type Prefix } from "../../../net/index.ts";
import { SimulatedClock, type Clock } from "../../clock/index.ts";
import { Speaker, type Peer, type PeerConfig, type Route } from "../index.ts";
import type { WireOptions } from "./simulated-connection.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

export const [addressA, addressB] = [ipv4(0x0a000001), ipv4(0x0a000002)];
export const [asnA, asnB] = [65211, 4_200_000_001];

export interface Pair {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly a: Speaker;
  readonly b: Speaker;
  readonly peerOfA: Peer;
  readonly peerOfB: Peer;
}

export interface PairOptions {
  readonly wire?: Partial<WireOptions>;
  readonly a?: Partial<PeerConfig>;
  readonly b?: Partial<PeerConfig>;
  readonly idA?: number;
  readonly idB?: number;
}

/** Two speakers that have each other for a peer; A dials and B waits unless told otherwise. */
export async function pair(options: PairOptions = {}): Promise<Pair> {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock, options.wire);
  const a = speaker(clock, network, addressA, asnA, options.idA ?? 1);
  const b = speaker(clock, network, addressB, asnB, options.idB ?? 2);
  await Promise.all([a.listen(), b.listen()]);
  const peerOfA = a.addPeer({ name: "b", remoteAddress: addressB, remoteAsn: asnB, ...options.a });
  const peerOfB = b.addPeer({ name: "a", remoteAddress: addressA, remoteAsn: asnA, passive: true, ...options.b });
  return { clock, network, a, b, peerOfA, peerOfB };
}

export function speaker(
  clock: Clock,
  network: SimulatedNetwork,
  address: Ipv4Address,
  asn: number,
  id: number,
): Speaker {
  return new Speaker(
    { clock, transport: network.host(address), schedule: (run) => void clock.setTimer(0, run), random: () => 0.5 },
    { asn, routerId: ipv4(id), listen: [{ address, port: 179 }] },
  );
}

export function bothEstablished({ peerOfA, peerOfB }: Pair): boolean {
  return peerOfA.state === "established" && peerOfB.state === "established";
}

export function establish(pair: Pair, boundMs = 60_000): number {
  return pair.clock.advanceUntil(() => bothEstablished(pair), boundMs);
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed);
  return parsed;
}

export function hostRoutes(count: number): Route[] {
  return Array.from({ length: count }, (_, index) => ({ prefix: { address: ipv4(0xac100000 + index), length: 32 } }));
}

export function received(peer: Peer): string[] {
  return [...peer.receivedRoutes()].map((route) => formatPrefix(route.prefix)).sort();
}
