import type { Community as CommunityObject } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import { complainOf } from "./complaint.ts";
import type { Community } from "./configuration.ts";

/** Communities that routers act on (RFC 1997, 3765, 7999, 8326, 9494), by their names in IANA's registry. */
export const wellKnownCommunities: Readonly<Record<string, number>> = {
  "graceful-shutdown": 0xffff_0000,
  "accept-own": 0xffff_0001,
  "llgr-stale": 0xffff_0006,
  "no-llgr": 0xffff_0007,
  blackhole: 0xffff_029a,
  "no-export": 0xffff_ff01,
  "no-advertise": 0xffff_ff02,
  "no-export-subconfed": 0xffff_ff03,
  "no-peer": 0xffff_ff04,
};

export type CommunityNames = ReadonlyMap<string, Community>;

/** The names that users gave to communities; what is wrong with them goes to `problems`. */
export function readCommunityNames(
  objects: readonly CommunityObject[],
  problems: ConfigurationReason[],
): CommunityNames {
  const names = new Map<string, Community>();
  for (const object of objects) {
    const complain = complainOf(object, problems);
    for (const [index, { name = "", value }] of (object.spec.communities ?? []).entries()) {
      const field = `spec.communities[${index}]`;
      const community = value === undefined ? undefined : parseCommunity(value);
      if (community === undefined) complain(`${field}.value`, value, `must be ${forms}`, "community");
      else if (name === "") complain(`${field}.name`, undefined, "must be what BGPAdvertisements call it");
      else if (names.has(name)) complain(`${field}.name`, name, "must be another than those of all Communities");
      else names.set(name, community);
    }
  }
  return names;
}

const forms = "65535:65535 or large:1:2:3";
export const communityForms = `must be 65535:65535, large:1:2:3, a name of a Community, or one of ${Object.keys(wellKnownCommunities).join(", ")}`;

/** What a text in a BGPAdvertisement stands for: users' names come before the well-known ones. */
export function communityOf(text: string, names: CommunityNames): Community | undefined {
  const known = Object.hasOwn(wellKnownCommunities, text) ? wellKnownCommunities[text] : undefined;
  return (
    names.get(text) ?? parseCommunity(text) ?? (known === undefined ? undefined : { type: "standard", value: known })
  );
}

/** RFC 1997 writes `65000:1`; RFC 8092 has three numbers of 32 bits, which MetalLB writes `large:1:2:3`. */
export function parseCommunity(text: string): Community | undefined {
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
