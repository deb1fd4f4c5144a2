import {
  asPath,
  asPathOfTwo,
  asns,
  capabilities,
  capability,
  emptyAsPath,
  fence4,
  localPref,
  med,
  nextHop,
  nlri4,
  open,
  origin,
  reach6,
  update,
  usualCapabilities,
  type Octets,
} from "./bgp-bytes.ts";

/**
 * What a speaker does: a NOTIFICATION (`code/subcode`, and its data in hexadecimal where there is any); or with the
 * session, `accepted` (it goes on to OpenConfirm), and with the route that was there before, `withdrawn`, `announced` (in
 * its new form), `unchanged`; or it says nothing, `closed`.
 */
export type Answer = "accepted" | "withdrawn" | "announced" | "unchanged" | "closed" | `${number}/${string}`;

/** A message that is malformed, or looks it, and what must come of it. */
export interface BgpCase {
  readonly name: string;
  /** In which state it is sent: in place of the OPEN, after it, or after two routes were announced. */
  readonly when: "opening" | "open-confirm" | "established";
  readonly bytes: Uint8Array;
  /** The peer's session; by default of another AS, with four-octet AS numbers. */
  readonly session: SessionKind;
  /** Which route is looked at. */
  readonly family: 4 | 6;
  readonly section: string;
  readonly answer: Answer;
}

export type SessionKind = "external" | "internal" | "two-octet";

export const prefixes = { 4: "172.19.100.1/32", 6: "2001:db8:100::1/128", fence: "172.19.200.1/32" } as const;

export function openOf(session: SessionKind): Uint8Array {
  if (session === "internal") return open({ asn: asns.asked });
  if (session === "external") return open();
  const withoutFourOctets = usualCapabilities(asns.us).filter(([code]) => code !== capability.fourOctetAs(0)[0]);
  return open({ parameters: capabilities(...withoutFourOctets) });
}

/** The attributes that go with every route. */
export function mandatory(session: SessionKind): readonly Octets[] {
  if (session === "internal") return [origin, emptyAsPath, nextHop, localPref];
  return [origin, session === "two-octet" ? asPathOfTwo : asPath, nextHop];
}

/** The two routes that are there before: they have a MULTI_EXIT_DISC, by which they are told from those that follow. */
export function before(session: SessionKind): Uint8Array {
  const attributes = [...mandatory(session), med];
  return Buffer.concat([
    update({ attributes, nlri: nlri4 }),
    update({ attributes: [reach6, ...attributes.filter((each) => each !== nextHop)] }),
  ]);
}

export function fence(session: SessionKind): Uint8Array {
  return update({ attributes: mandatory(session), nlri: fence4 });
}
