import type { PathAttribute } from "./messages.ts";

/** The flags of an attribute (RFC 4271 §4.3). */
export const optional = 0x80;
export const transitive = 0x40;
export const partial = 0x20;
export const extendedLength = 0x10;

export type KnownAttribute = Exclude<PathAttribute, { type: "unknown" }>;

/** Code and category of what we read (RFC 4271 §5, RFC 1997, RFC 4360, RFC 4760, RFC 6793, RFC 8092). */
export const registry: Readonly<Record<KnownAttribute["type"], { readonly code: number; readonly flags: number }>> = {
  origin: { code: 1, flags: transitive },
  "as-path": { code: 2, flags: transitive },
  "next-hop": { code: 3, flags: transitive },
  "multi-exit-disc": { code: 4, flags: optional },
  "local-pref": { code: 5, flags: transitive },
  "atomic-aggregate": { code: 6, flags: transitive },
  aggregator: { code: 7, flags: optional | transitive },
  communities: { code: 8, flags: optional | transitive },
  "mp-reach": { code: 14, flags: optional },
  "mp-unreach": { code: 15, flags: optional },
  "extended-communities": { code: 16, flags: optional | transitive },
  "as4-path": { code: 17, flags: optional | transitive },
  "as4-aggregator": { code: 18, flags: optional | transitive },
  "large-communities": { code: 32, flags: optional | transitive },
};

export const attributeCodes = Object.fromEntries(
  Object.entries(registry).map(([type, { code }]) => [type, code]),
) as Readonly<Record<KnownAttribute["type"], number>>; // fromEntries forgets the keys

export const origins = ["igp", "egp", "incomplete"] as const;
/** By type octet less one (RFC 4271 §4.3, RFC 5065 §3). */
export const segmentTypes = ["set", "sequence", "confed-sequence", "confed-set"] as const;
