import {
  asPath,
  attribute,
  message,
  messageOfLength,
  nextHop,
  nextHop6,
  nlri4,
  nlri6,
  open,
  origin,
  types,
  update,
  type Octets,
} from "./bgp-bytes.ts";
import { mandatory, type Answer, type BgpCase, type SessionKind } from "./bgp-case.ts";

/** What follows a good UPDATE's attributes, for the prefix of IPv4. */
const [o, p, n] = [origin, asPath, nextHop];
const sequence = (...octets: Octets) => attribute(0x40, 2, ...octets);
const reach = (flags: number, ...value: Octets) => attribute(flags, 14, ...value);
const goodReach = [0, 2, 1, 16, ...nextHop6, 0, ...nlri6] as const;
const unreach = attribute(0x80, 15, 0, 2, 1, ...nlri6);

/** Every attribute wrong in every way that the RFCs name. */
export const updateCases: readonly BgpCase[] = [
  raw("withdrawn routes longer than the message", message(types.update, [0, 9, 0, 0]), "RFC 4271 §6.3", "3/1"),
  raw("attributes longer than the message", message(types.update, [0, 0, 0, 9]), "RFC 7606 §4", "3/1"),
  announcing("an attribute longer than the attributes", [o, p, n, [0x80, 4, 200, 0, 0]], "RFC 7606 §4", "withdrawn"),
  announcing("one octet after the last attribute", [o, p, n, [0x40]], "RFC 7606 §4", "withdrawn"),
  announcing("no ORIGIN", [p, n], "RFC 7606 §3(d)", "withdrawn"),
  announcing("no AS_PATH", [o, n], "RFC 7606 §3(d)", "withdrawn"),
  announcing("no NEXT_HOP", [o, p], "RFC 7606 §3(d)", "withdrawn"),
  announcing(
    "a well-known attribute that does not exist",
    [o, p, n, attribute(0x40, 99)],
    "RFC 4271 §6.3",
    "3/2 406300",
  ),
  announcing(
    "an optional transitive attribute that is not known",
    [o, p, n, attribute(0xe0, 99, 7)],
    "RFC 4271 §5",
    "announced",
  ),
  announcing("an optional attribute that is not known", [o, p, n, attribute(0x80, 99, 7)], "RFC 4271 §5", "announced"),
  announcing("ORIGIN flagged optional", [attribute(0xc0, 1, 0), p, n], "RFC 7606 §3(c)", "withdrawn"),
  announcing("AS_PATH flagged non-transitive", [o, [0, ...p.slice(1)], n], "RFC 7606 §3(c)", "withdrawn"),
  announcing("NEXT_HOP flagged partial", [o, p, [0x60, ...n.slice(1)]], "RFC 4271 §4.3", "withdrawn"),
  announcing("NEXT_HOP with a length of two octets", [o, p, [0x50, 3, 0, ...n.slice(2)]], "RFC 4271 §4.3", "announced"),
  announcing("the unused bits of the flags set", [o, p, [0x4f, ...n.slice(1)]], "RFC 4271 §4.3", "announced"),
  announcing("ORIGIN 3", [attribute(0x40, 1, 3), p, n], "RFC 7606 §7.1", "withdrawn"),
  announcing("ORIGIN of two octets", [attribute(0x40, 1, 0, 0), p, n], "RFC 7606 §7.1", "withdrawn"),
  announcing("ORIGIN of no octets", [attribute(0x40, 1), p, n], "RFC 7606 §7.1", "withdrawn"),
  announcing("ORIGIN twice", [o, p, n, o], "RFC 7606 §3(g)", "announced"),
  announcing(
    "AS_PATH with a segment of type 9",
    [o, sequence(9, 1, 0, 0, 0xfe, 0xbb), n],
    "RFC 7606 §7.2",
    "withdrawn",
  ),
  announcing("AS_PATH with an empty segment", [o, sequence(2, 0), n], "RFC 7606 §7.2", "withdrawn"),
  announcing(
    "AS_PATH with a segment that is cut off",
    [o, sequence(2, 2, 0, 0, 0xfe, 0xbb), n],
    "RFC 7606 §7.2",
    "withdrawn",
  ),
  announcing(
    "AS_PATH with one octet too many",
    [o, sequence(2, 1, 0, 0, 0xfe, 0xbb, 2), n],
    "RFC 7606 §7.2",
    "withdrawn",
  ),
  announcing("AS_PATH of two-octet numbers", [o, sequence(2, 1, 0xfe, 0xbb), n], "RFC 6793 §4.1", "withdrawn"),
  announcing("AS_PATH with AS 0", [o, sequence(2, 2, 0, 0, 0xfe, 0xbb, 0, 0, 0, 0), n], "RFC 7607 §2", "withdrawn"),
  announcing(
    "AS_PATH with a confederation's segment",
    [o, sequence(3, 1, 0, 0, 0xfd, 0xe8, 2, 1, 0, 0, 0xfe, 0xbb), n],
    "RFC 5065 §5",
    "withdrawn",
  ),
  announcing("NEXT_HOP of three octets", [o, p, attribute(0x40, 3, 10, 0, 0)], "RFC 7606 §7.3", "withdrawn"),
  announcing("NEXT_HOP of five octets", [o, p, attribute(0x40, 3, 10, 0, 0, 1, 0)], "RFC 7606 §7.3", "withdrawn"),
  announcing("NEXT_HOP 0.0.0.0", [o, p, attribute(0x40, 3, 0, 0, 0, 0)], "RFC 4271 §6.3", "withdrawn"),
  announcing("NEXT_HOP 224.0.0.1", [o, p, attribute(0x40, 3, 224, 0, 0, 1)], "RFC 4271 §6.3", "withdrawn"),
  announcing("MULTI_EXIT_DISC of three octets", [o, p, n, attribute(0x80, 4, 0, 0, 0)], "RFC 7606 §7.4", "withdrawn"),
  announcing(
    "MULTI_EXIT_DISC flagged transitive",
    [o, p, n, attribute(0xc0, 4, 0, 0, 0, 9)],
    "RFC 7606 §3(c)",
    "withdrawn",
  ),
  announcing("LOCAL_PREF from another AS", [o, p, n, attribute(0x40, 5, 0, 0, 0, 9)], "RFC 7606 §7.5", "announced"),
  announcing(
    "LOCAL_PREF of three octets from another AS",
    [o, p, n, attribute(0x40, 5, 0, 0, 9)],
    "RFC 7606 §7.5",
    "announced",
  ),
  internal(
    "LOCAL_PREF of three octets",
    [...mandatory("internal").slice(0, 3), attribute(0x40, 5, 0, 0, 9)],
    "RFC 7606 §7.5",
    "withdrawn",
  ),
  internal("no LOCAL_PREF within the AS", mandatory("internal").slice(0, 3), "RFC 4271 §5", "withdrawn"),
  announcing("ATOMIC_AGGREGATE of one octet", [o, p, n, attribute(0x40, 6, 0)], "RFC 7606 §7.6", "announced"),
  announcing("ATOMIC_AGGREGATE flagged optional", [o, p, n, attribute(0xc0, 6)], "RFC 7606 §3(c)", "withdrawn"),
  announcing(
    "AGGREGATOR of six octets",
    [o, p, n, attribute(0xc0, 7, 0xfe, 0xbb, 10, 0, 0, 1)],
    "RFC 7606 §7.7",
    "announced",
  ),
  announcing(
    "AGGREGATOR with AS 0",
    [o, p, n, attribute(0xc0, 7, 0, 0, 0, 0, 10, 0, 0, 1)],
    "RFC 7607 §2",
    "announced",
  ),
  announcing(
    "AGGREGATOR flagged well-known",
    [o, p, n, attribute(0x40, 7, 0, 0, 0xfe, 0xbb, 10, 0, 0, 1)],
    "RFC 7606 §3(c)",
    "withdrawn",
  ),
  twoOctet(
    "AGGREGATOR of eight octets between two-octet speakers",
    attribute(0xc0, 7, 0, 0, 0xfe, 0xbb, 10, 0, 0, 1),
    "RFC 7606 §7.7",
    "announced",
  ),
  announcing(
    "COMMUNITIES of six octets",
    [o, p, n, attribute(0xc0, 8, 0, 0, 0, 0, 0, 0)],
    "RFC 7606 §7.8",
    "withdrawn",
  ),
  announcing("COMMUNITIES with none", [o, p, n, attribute(0xc0, 8)], "RFC 7606 §7.8", "withdrawn"),
  announcing(
    "COMMUNITIES flagged non-transitive",
    [o, p, n, attribute(0x80, 8, 0, 1, 0, 1)],
    "RFC 7606 §3(c)",
    "withdrawn",
  ),
  announcing(
    "an extended community of four octets",
    [o, p, n, attribute(0xc0, 16, 0, 2, 0, 0)],
    "RFC 7606 §7.14",
    "withdrawn",
  ),
  announcing("extended communities with none", [o, p, n, attribute(0xc0, 16)], "RFC 7606 §7.14", "withdrawn"),
  announcing(
    "an extended community that is not known",
    [o, p, n, attribute(0xc0, 16, 0x3f, 0x7f, 0, 0, 0, 0, 0, 0)],
    "RFC 4360 §6",
    "announced",
  ),
  announcing(
    "a large community of eight octets",
    [o, p, n, attribute(0xc0, 32, 0, 0, 0, 1, 0, 0, 0, 2)],
    "RFC 8092 §6",
    "withdrawn",
  ),
  announcing("large communities with none", [o, p, n, attribute(0xc0, 32)], "RFC 8092 §6", "withdrawn"),
  announcing(
    "AS4_PATH between four-octet speakers",
    [o, p, n, attribute(0xc0, 17, 2, 1, 0, 1, 0, 0)],
    "RFC 6793 §6",
    "announced",
  ),
  twoOctet("AS4_PATH that is cut off", attribute(0xc0, 17, 2, 2, 0, 1, 0, 0), "RFC 6793 §6", "announced"),
  twoOctet("AS4_AGGREGATOR of six octets", attribute(0xc0, 18, 0, 1, 10, 0, 0, 1), "RFC 6793 §6", "announced"),
  reaching("MP_REACH_NLRI that is cut off", reach(0x80, 0, 2, 1, 16, 0x20), "RFC 7606 §7.11", "3/9 800e050002011020"),
  reaching(
    "MP_REACH_NLRI with a next hop of 5 octets",
    reach(0x80, 0, 2, 1, 5, 1, 2, 3, 4, 5, 0, ...nlri6),
    "RFC 7606 §7.11",
    "3/9",
  ),
  reaching("MP_REACH_NLRI with a next hop of no octets", reach(0x80, 0, 2, 1, 0, 0, ...nlri6), "RFC 7606 §7.11", "3/9"),
  reaching(
    "MP_REACH_NLRI with a prefix of 129 bits",
    reach(0x80, 0, 2, 1, 16, ...nextHop6, 0, 129, ...nlri6.slice(1), 0),
    "RFC 7606 §5.3",
    "3/9",
  ),
  reaching(
    "MP_REACH_NLRI with a prefix that is cut off",
    reach(0x80, ...goodReach.slice(0, -1)),
    "RFC 7606 §5.3",
    "3/9",
  ),
  reaching("MP_REACH_NLRI flagged transitive", reach(0xc0, ...goodReach), "RFC 7606 §3(c)", "withdrawn"),
  reaching("MP_REACH_NLRI without ORIGIN", reach(0x80, ...goodReach), "RFC 7606 §3(d)", "withdrawn", [p]),
  reaching(
    "MP_REACH_NLRI with the reserved octet set",
    reach(0x80, 0, 2, 1, 16, ...nextHop6, 7, ...nlri6),
    "RFC 4760 §3",
    "announced",
  ),
  reaching(
    "MP_REACH_NLRI of a family that was not agreed on",
    reach(0x80, 0, 25, 65, 4, 10, 0, 0, 1, 0, 0),
    "RFC 4760 §8",
    "unchanged",
  ),
  reaching(
    "MP_REACH_NLRI twice",
    [...reach(0x80, ...goodReach), ...reach(0x80, ...goodReach)],
    "RFC 7606 §3(g)",
    "3/1",
  ),
  reaching("MP_UNREACH_NLRI twice", [...unreach, ...unreach], "RFC 7606 §3(g)", "3/1", []),
  reaching("MP_UNREACH_NLRI of two octets", attribute(0x80, 15, 0, 2), "RFC 7606 §7.12", "3/9 800f020002", []),
  reaching(
    "MP_UNREACH_NLRI with a prefix that is cut off",
    unreach.with(2, 19).slice(0, -1),
    "RFC 7606 §5.3",
    "3/9",
    [],
  ),
  reaching("MP_UNREACH_NLRI flagged transitive", [0xc0, ...unreach.slice(1)], "RFC 7606 §3(c)", "withdrawn", []),
  raw(
    "a malformed attribute and no prefix",
    update({ attributes: [attribute(0x40, 1, 3), p] }),
    "RFC 7606 §5.2",
    "3/1",
  ),
  announcing("a prefix of 33 bits", [o, p, n], "RFC 7606 §5.3", "3/10", [33, 172, 19, 100, 1, 0]),
  announcing("a prefix that is cut off", [o, p, n], "RFC 7606 §5.3", "3/10", [32, 172, 19, 100]),
  announcing("a prefix with bits beyond its length", [o, p, n], "RFC 4271 §4.3", "announced", [...nlri4, 9, 172, 255]),
  announcing("a multicast prefix beside a good one", [o, p, n], "RFC 4271 §6.3", "announced", [...nlri4, 8, 224]),
  raw("a withdrawn prefix of 33 bits", update({ withdrawn: [33, 172, 19, 100, 1, 0] }), "RFC 7606 §5.3", "3/10"),
  raw(
    "a prefix both withdrawn and announced",
    update({ withdrawn: nlri4, attributes: [o, p, n], nlri: nlri4 }),
    "RFC 4271 §4.3",
    "announced",
  ),
  raw(
    "a prefix withdrawn that was never announced",
    update({ withdrawn: [32, 9, 9, 9, 9] }),
    "RFC 4271 §4.3",
    "unchanged",
  ),
  raw("attributes without any prefix", update({ attributes: [o, p, n] }), "RFC 7606 §5.2", "unchanged"),
  raw("a KEEPALIVE of 20 octets", message(types.keepalive, [0]), "RFC 4271 §6.1", "1/2 0014"),
  raw("a second OPEN", open(), "RFC 6608 §4", "5/3 01"),
  raw("a second OPEN that is malformed", open({ version: 3 }), "RFC 4271 §8.2.2", "5/3 01"),
  raw("a message of type 9", message(9, []), "RFC 4271 §6.1", "1/3 09"),
  raw("a NOTIFICATION of 20 octets", messageOfLength(20, types.notification, [6]), "RFC 4271 §6.1", "1/2 0014"),
  raw("a ROUTE-REFRESH of 22 octets", message(types.routeRefresh, [0, 1, 0]), "RFC 4271 §6.1", "1/2 0016"),
  raw("a ROUTE-REFRESH of an unknown family", message(types.routeRefresh, [0, 25, 0, 65]), "RFC 2918 §4", "unchanged"),
  raw("a ROUTE-REFRESH of an unknown subtype", message(types.routeRefresh, [0, 1, 9, 1]), "RFC 7313 §5", "unchanged"),
  raw(
    "a Beginning-of-RR of 24 octets",
    message(types.routeRefresh, [0, 1, 1, 1, 0]),
    "RFC 7313 §5",
    "7/1 ffffffffffffffffffffffffffffffff0018050001010100",
  ),
];

interface Rest {
  readonly session?: SessionKind;
  readonly family?: 4 | 6;
}

function raw(name: string, bytes: Uint8Array, section: string, answer: Answer, rest: Rest = {}): BgpCase {
  return { name, when: "established", bytes, session: "external", family: 4, section, answer, ...rest };
}

function announcing(
  name: string,
  attributes: readonly Octets[],
  section: string,
  answer: Answer,
  nlri = nlri4,
): BgpCase {
  return raw(name, update({ attributes, nlri }), section, answer);
}

function internal(name: string, attributes: readonly Octets[], section: string, answer: Answer): BgpCase {
  return raw(name, update({ attributes, nlri: nlri4 }), section, answer, { session: "internal" });
}

function twoOctet(name: string, extra: Octets, section: string, answer: Answer): BgpCase {
  const attributes = [...mandatory("two-octet"), extra];
  return raw(name, update({ attributes, nlri: nlri4 }), section, answer, { session: "two-octet" });
}

function reaching(name: string, reach: Octets, section: string, answer: Answer, others = [o, p]): BgpCase {
  return raw(name, update({ attributes: [reach, ...others] }), section, answer, { family: 6 });
}
