import type { ControlPacket } from "../../src/protocols/bfd/packet.ts";
import { packetOf, type BfdCase, type SessionInUse } from "./bfd-case.ts";

interface Options {
  /** Octets to change. */
  readonly at?: Readonly<Record<number, number>>;
  readonly packet?: Partial<ControlPacket>;
  /** What lies behind the 24 octets; negative: so many of them are left out. */
  readonly more?: readonly number[] | number;
  readonly ttl?: number;
  readonly port?: number;
  readonly isFromElsewhere?: boolean;
}

/** They say Down and ask for an answer, so that it is seen whether they are taken. */
function packet(name: string, section: string, answer: BfdCase["answer"], options: Options = {}): BfdCase {
  const { at = {}, more = [], ttl = 255, port = 3784, isFromElsewhere = false } = options;
  const bytes = (session: SessionInUse) => {
    const good = packetOf(session, { state: "down", poll: true, ...options.packet });
    for (const [index, value] of Object.entries(at)) good[Number(index)] = value;
    return typeof more === "number" ? good.subarray(0, more) : Buffer.concat([good, Uint8Array.from(more)]);
  };
  return { name, section, answer, bytes, ttl, port, isFromElsewhere };
}

const discarded = "discarded";
const reception = "RFC 5880 §6.8.6";
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
/** Octets of the discriminators. */
const my = { 4: 0, 5: 0, 6: 0, 7: 0 };
const your = { 8: 0, 9: 0, 10: 0, 11: 0 };
/** Down and Poll, with other flags: A and M. */
const flags = { authentication: 0x64, multipoint: 0x61 } as const;
/** A simple password of three octets (RFC 5880 §4.2). */
const password = [1, 6, 7, 0x61, 0x62, 0x63];

export const bfdCorpus: readonly BfdCase[] = [
  packet("a good packet", reception, "down"),
  packet("version 0", reception, discarded, { at: { 0: 0x00 } }),
  packet("version 2", reception, discarded, { at: { 0: 0x40 } }),
  packet("a payload of no octets", reception, discarded, { more: 0 }),
  packet("a payload of 3 octets", reception, discarded, { more: 3 }),
  packet("Length 24 in a payload of 23 octets", reception, discarded, { more: 23 }),
  packet("Length 23", reception, discarded, { at: { 3: 23 } }),
  packet("Length 0", reception, discarded, { at: { 3: 0 } }),
  packet("Length 25 in a payload of 24 octets", reception, discarded, { at: { 3: 25 } }),
  packet("Length 255 in a payload of 24 octets", reception, discarded, { at: { 3: 255 } }),
  packet("16 octets behind a packet of Length 24", reception, "down", { more: zeros(16) }),
  packet("Length 28 without authentication", reception, "down", { at: { 3: 28 }, more: zeros(4) }),
  packet("Detect Mult 0", reception, discarded, { at: { 2: 0 } }),
  packet("the Multipoint bit", reception, discarded, { at: { 1: flags.multipoint } }),
  packet("My Discriminator 0", reception, discarded, { at: my }),
  packet("Your Discriminator 0 and Up", reception, discarded, { at: { ...your, 1: 0xe0 } }),
  packet("Your Discriminator 0 and Init", reception, discarded, { at: { ...your, 1: 0xa0 } }),
  packet("Your Discriminator 0 and Down", "RFC 5880 §6.8.6, RFC 5881 §3", "down", { at: your }),
  packet("Your Discriminator 0 and AdminDown", "RFC 5880 §6.8.6, RFC 5881 §3", "down", { at: { ...your, 1: 0x20 } }),
  packet("Your Discriminator of no session", reception, discarded, { at: { 8: 0xfe, 9: 0xed, 10: 0xfe, 11: 0xed } }),
  packet("a password, where none is in use", reception, discarded, {
    at: { 1: flags.authentication, 3: 30 },
    more: password,
  }),
  packet("the Authentication bit and Length 24", reception, discarded, { at: { 1: flags.authentication } }),
  packet("the Authentication bit and a section longer than the packet", reception, discarded, {
    at: { 1: flags.authentication, 3: 26 },
    more: [1, 200],
  }),
  packet("AdminDown", reception, "down", { packet: { state: "admin-down" } }),
  packet("Init in a session that is up", "RFC 5880 §6.2", "up", { packet: { state: "init" } }),
  packet("both P and F", "RFC 5880 §6.5, §6.8.7", "down", { packet: { final: true } }),
  packet("a diagnostic that is not assigned", "RFC 5880 §4.1", "down", { at: { 0: 0x3f } }),
  packet("another My Discriminator", "RFC 5880 §6.3", "down", { packet: { myDiscriminator: 0xabcdef } }),
  packet("Desired Min TX Interval 0", "RFC 5880 §4.1", "up", { packet: { state: "up", desiredMinTxUs: 0 } }),
  packet("Required Min RX Interval 0", "RFC 5880 §6.8.7", "up", { packet: { state: "up", requiredMinRxUs: 0 } }),
  packet("TTL 254", "RFC 5881 §5", discarded, { ttl: 254 }),
  packet("TTL 1", "RFC 5881 §5", discarded, { ttl: 1 }),
  packet("to the port of multihop sessions", "RFC 5881 §4, RFC 5883 §5", discarded, { port: 4784 }),
  packet("to the port of multihop sessions with TTL 64", "RFC 5881 §4, RFC 5883 §5", discarded, {
    port: 4784,
    ttl: 64,
  }),
  packet("to the port of echo packets", "RFC 5881 §4", discarded, { port: 3785 }),
  packet("from another address, with the right discriminator", "RFC 5880 §6.3", "down", { isFromElsewhere: true }),
];
