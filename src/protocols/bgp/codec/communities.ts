/** The registry's well-known communities that routers act on (RFC 1997, 3765, 7999, 8326, 9494), by their usual names. */
export const wellKnownCommunities = {
  "graceful-shutdown": 0xffff0000,
  "accept-own": 0xffff0001,
  "llgr-stale": 0xffff0006,
  "no-llgr": 0xffff0007,
  blackhole: 0xffff029a,
  "no-export": 0xffffff01,
  "no-advertise": 0xffffff02,
  "no-export-subconfed": 0xffffff03,
  "no-peer": 0xffffff04,
} as const;

export type WellKnownCommunity = keyof typeof wellKnownCommunities;

const namesByValue = new Map<number, string>(
  Object.entries(wellKnownCommunities).map(([name, value]) => [value, name]),
);

/** A community as people write it: a well-known one by its name, another as two numbers. */
export function formatCommunity(value: number): string {
  return namesByValue.get(value) ?? `${value >>> 16}:${value & 0xffff}`;
}

/** The number of a community written as `formatCommunity` does; `undefined` if it is not written so. */
export function parseCommunity(text: string): number | undefined {
  if (Object.hasOwn(wellKnownCommunities, text)) return wellKnownCommunities[text as WellKnownCommunity]; // it has it
  const parts = /^(\d{1,5}):(\d{1,5})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 0xffff)) return undefined;
  const [high = 0, low = 0] = parts;
  return high * 0x10000 + low;
}
