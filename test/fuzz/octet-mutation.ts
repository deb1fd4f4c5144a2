import type { Random } from "./random.ts";

/** Octets at which decoders turn. */
const telling = [0, 1, 2, 4, 8, 16, 24, 32, 33, 64, 127, 128, 129, 254, 255] as const;

/** `octets` with one change that knows nothing of their meaning; `other` lends some of its own. */
export function mutateOctets(octets: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const { length } = octets;
  const at = random.below(length + 1);
  if (at === length)
    return length < 4_000 ? Buffer.concat([octets, piece(other, random)]) : octets.subarray(0, length / 2);
  switch (random.below(7)) {
    case 0:
      return octets.with(at, (octets[at] ?? 0) ^ (1 << random.below(8)));
    case 1:
      return octets.with(at, random.oneOf(telling));
    case 2:
      return octets.with(at, (octets[at] ?? 0) + random.below(9) - 4);
    case 3:
      return octets.subarray(0, at);
    case 4:
      return Buffer.concat([octets.subarray(0, at), octets.subarray(Math.min(length, at + 1 + random.below(8)))]);
    case 5:
      return Buffer.concat([octets.subarray(0, at), piece(other, random), octets.subarray(at)]);
    default:
      return octets.with(at, random.below(256));
  }
}

function piece(octets: Uint8Array, random: Random): Uint8Array {
  const from = random.below(octets.length + 1);
  return octets.subarray(from, from + 1 + random.below(16));
}
