import { attribute, capabilities, message, open, types, update, usualCapabilities, asns } from "../corpus/bgp-bytes.ts";
import { before, fence, mandatory, openOf } from "../corpus/bgp-case.ts";
import { bgpCorpus } from "../corpus/bgp-corpus.ts";
import type { Sample } from "./bgp-mutation.ts";

const gracefulRestart = [64, 10, 0xc0, 15, 0, 1, 1, 0x80, 0, 2, 1, 0] as const;
const extendedNextHop = [5, 6, 0, 1, 0, 1, 0, 2] as const;
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => [32, 172, 16, index >>> 8, index & 255]).flat();
const ones = (count: number) => Array.from({ length: count }, () => 1);

/** What mutation starts from: good messages of every kind, and the whole corpus. */
export const bgpSeeds: readonly Sample[] = [
  ...(["external", "internal", "two-octet"] as const).flatMap((kind) => [
    openOf(kind),
    fence(kind),
    ...splitBefore(kind),
  ]),
  open({ parameters: capabilities(...usualCapabilities(asns.us), gracefulRestart, extendedNextHop, [6, 0]) }),
  update({ attributes: mandatory("external"), nlri: many(700) }),
  update({ withdrawn: many(200) }),
  update({
    attributes: [
      ...mandatory("two-octet"),
      attribute(0xc0, 7, 0x5b, 0xa0, 10, 0, 0, 1),
      attribute(0xc0, 8, ...ones(40)),
      attribute(0xc0, 16, 0x40, 4, 0xfe, 0xbb, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2, 3, 0, 0, 0, 1, 0, 0),
      attribute(0xc0, 17, 2, 2, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 9),
      attribute(0xc0, 18, 0, 1, 0, 0, 10, 0, 0, 1),
      attribute(0xd0, 32, ...ones(264)),
    ],
    nlri: [0, 8, 10, 24, 192, 0, 2],
  }),
  message(types.keepalive, []),
  message(types.notification, [6, 2, 3, 97, 98, 99]),
  message(types.notification, [6, 9, 4, 0]),
  ...[0, 1, 2].map((subtype) => message(types.routeRefresh, [0, 1, subtype, 1])),
  ...bgpCorpus.map(({ bytes }) => bytes),
].map((bytes) => ({ type: bytes[18] ?? 0, body: bytes.slice(19) }));

function splitBefore(kind: Parameters<typeof before>[0]): Uint8Array[] {
  const both = before(kind);
  const length = ((both[16] ?? 0) << 8) | (both[17] ?? 0);
  return [both.subarray(0, length), both.subarray(length)];
}
