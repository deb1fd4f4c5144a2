import assert from "node:assert/strict";
import { decodeControlPacket, encodeControlPacket } from "../../src/protocols/bfd/packet.ts";
import type { Tally } from "./bgp-decoder.ts";
import { mutateOctets } from "./octet-mutation.ts";
import { Random } from "./random.ts";

/** Up with a Poll; Down with a multiplier of 255; one with a password of two octets (RFC 5880 §4.2). */
const seeds = [
  "23e003180000000100000002000493e0000493e000000000",
  "2040ff18ffffffff00000000000f42400000000000000000",
  "20c4031d00000001000000020000c3500000c350000000000105006162",
].map((hex) => new Uint8Array(Buffer.from(hex, "hex")));

/** As `fuzzBgpDecoder`, with BFD Control packets. */
export function fuzzBfdDecoder(cases: number, seed: number): Tally {
  const random = new Random(seed);
  const samples = [...seeds];
  const outcomes = new Map<string, number>();
  for (let left = cases; left > 0; left--) {
    let octets = pick(samples, random);
    let isChanged = false;
    while (!isChanged || random.isOneIn(2)) {
      isChanged = true;
      octets = mutateOctets(octets, pick(samples, random), random).subarray(0, 300);
    }
    const outcome = checked(octets);
    const count = outcomes.get(outcome) ?? 0;
    outcomes.set(outcome, count + 1);
    // An error's first few are near to it, and all packets are worth changing.
    if (count < 100) samples.push(new Uint8Array(octets));
  }
  return { outcomes, samples: samples.length };
}

function pick(samples: readonly Uint8Array[], random: Random): Uint8Array {
  return random.oneOf(samples) ?? new Uint8Array();
}

function checked(octets: Uint8Array): string {
  try {
    const decoded = decodeControlPacket(octets);
    if (typeof decoded === "string") return decoded;
    if (decoded.authentication !== undefined) return "good, authenticated";
    if (decoded.diagnostic === undefined) return "good, diagnostic not assigned";
    const again = encodeControlPacket(decoded);
    again[3] = octets[3] ?? 0; // RFC 5880 §6.8.6 sets only a minimum
    assert.ok(Buffer.from(again).equals(octets.subarray(0, 24)));
    return "good";
  } catch (error) {
    throw new Error(Buffer.from(octets).toString("hex"), { cause: error });
  }
}
