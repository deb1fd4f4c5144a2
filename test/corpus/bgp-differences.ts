import type { Answer } from "./bgp-case.ts";

/** What FRR 8.4 and BIRD 2.0 do otherwise than we (code and subcode only), and who is right. */
export interface Difference {
  readonly frr?: Answer;
  readonly bird?: Answer;
  readonly verdict: string;
}

const resets = "the routes are withdrawn and the session stays (§2); FRR ends it, over prefixes that are good";
const code39 = "the session ends either way; RFC 4760 §7 names 3/9";
const anyCode = "the session ends either way; RFC 4271 §6.3 names the code";
const flags = "RFC 7606 §3(c) wants the routes withdrawn; their prefixes can be read";
const dispensable = "RFC 7606 §3(c) wants the routes withdrawn, and §7.6 and §7.7 speak of lengths only";
const overrun = "RFC 7606 §4 wants the routes withdrawn: where the prefixes begin is known";
const capabilityLength = "no RFC says; 2/0 is as good. We take it as one that is not known (RFC 5492 §3)";
const nextHop = "FRR ends the session as RFC 4271 §6.3 did before RFC 7606 §7.3, which keeps it";

/** By the name of the case. */
export const bgpDifferences: Readonly<Record<string, Difference>> = {
  "an UPDATE of 22 octets": {
    bird: "5/1",
    verdict: "the header is checked before the state (RFC 4271 §6.1)",
  },
  "optional parameters shorter than the message": {
    frr: "accepted",
    verdict: "RFC 4271 §4.2: nothing follows the parameters; FRR ignores what does",
  },
  "a route refresh capability with a value": { bird: "2/0", verdict: capabilityLength },
  "a multiprotocol capability of 3 octets": { frr: "2/0", bird: "2/0", verdict: capabilityLength },
  "extended optional parameters after a length that is not 255": {
    frr: "2/4",
    verdict: "RFC 9072 §2: the length is ignored unless it is 0",
  },
  "an UPDATE before the KEEPALIVE": {
    bird: "accepted",
    verdict: "RFC 6608 §4 wants 5/2; BIRD forgives speakers that leave out the KEEPALIVE",
  },
  "a malformed UPDATE before the KEEPALIVE": { bird: "3/1", verdict: "RFC 4271 §8.2.2, OpenConfirm, event 28: 5/2" },
  "an attribute longer than the attributes": { frr: "3/5", verdict: overrun },
  "one octet after the last attribute": { frr: "3/5", verdict: overrun },
  "a well-known attribute that does not exist": {
    frr: "3/1",
    bird: "withdrawn",
    verdict: "RFC 4271 §6.3 names 3/2, and RFC 7606 leaves it; BIRD is kinder than either",
  },
  "ORIGIN flagged optional": { frr: "3/10", verdict: `RFC 7606 §3(c): ${resets}` },
  "AS_PATH flagged non-transitive": { frr: "3/10", verdict: `RFC 7606 §3(c): ${resets}` },
  "NEXT_HOP flagged partial": {
    bird: "announced",
    verdict:
      "RFC 4271 §4.3: the bit MUST be 0; RFC 7606 §3(c) says what follows for two other bits only. Either will do",
  },
  "ORIGIN 3": { frr: "3/10", verdict: `RFC 7606 §7.1: ${resets}` },
  "ORIGIN of two octets": { frr: "3/10", verdict: `RFC 7606 §7.1: ${resets}` },
  "ORIGIN of no octets": { frr: "3/10", verdict: `RFC 7606 §7.1: ${resets}` },
  "ORIGIN twice": { frr: "3/1", verdict: "RFC 7606 §3(g): all but the first are discarded" },
  "AS_PATH with a segment of type 9": { frr: "3/10", verdict: `RFC 7606 §7.2: ${resets}` },
  "AS_PATH with an empty segment": { frr: "3/10", verdict: `RFC 7606 §7.2: ${resets}` },
  "AS_PATH with a segment that is cut off": { frr: "3/10", verdict: `RFC 7606 §7.2: ${resets}` },
  "AS_PATH with one octet too many": { frr: "3/10", verdict: `RFC 7606 §7.2: ${resets}` },
  "AS_PATH of two-octet numbers": { frr: "3/10", verdict: `RFC 7606 §7.2: ${resets}` },
  "AS_PATH with AS 0": { bird: "announced", verdict: "RFC 7607 §2 wants it withdrawn" },
  "NEXT_HOP 0.0.0.0": { frr: "3/8", verdict: nextHop },
  "NEXT_HOP 224.0.0.1": { frr: "3/8", verdict: nextHop },
  "LOCAL_PREF of three octets": { frr: "3/5", verdict: "RFC 7606 §7.5 wants the routes withdrawn" },
  "no LOCAL_PREF within the AS": {
    bird: "announced",
    verdict: "RFC 4271 §5 requires it within an AS, and RFC 7606 §3(d) withdraws; BIRD takes 100 instead",
  },
  "ATOMIC_AGGREGATE flagged optional": { frr: "announced", verdict: dispensable },
  "AGGREGATOR flagged well-known": { frr: "announced", verdict: dispensable },
  "AS4_PATH that is cut off": { frr: "3/1", verdict: "RFC 6793 §6: discarded, and the rest is used" },
  "MP_REACH_NLRI that is cut off": { frr: "3/1", verdict: code39 },
  "MP_REACH_NLRI with a next hop of 5 octets": { frr: "3/1", verdict: code39 },
  "MP_REACH_NLRI with a next hop of no octets": { frr: "3/1", verdict: code39 },
  "MP_REACH_NLRI with a prefix of 129 bits": { bird: "3/10", verdict: code39 },
  "MP_REACH_NLRI with a prefix that is cut off": { bird: "3/1", verdict: code39 },
  "MP_REACH_NLRI flagged transitive": { frr: "3/4", bird: "3/1", verdict: flags },
  "MP_REACH_NLRI of a family that was not agreed on": {
    frr: "closed",
    verdict: "RFC 7606 §5.4: an unexpected family is ignored; FRR closes without a word",
  },
  "MP_UNREACH_NLRI of two octets": { frr: "3/1", verdict: code39 },
  "MP_UNREACH_NLRI with a prefix that is cut off": { bird: "3/1", verdict: code39 },
  "MP_UNREACH_NLRI flagged transitive": { frr: "3/4", bird: "3/1", verdict: flags },
  "a malformed attribute and no prefix": { frr: "3/10", verdict: anyCode },
  "a prefix that is cut off": { bird: "3/1", verdict: anyCode },
  "a prefix both withdrawn and announced": {
    frr: "withdrawn",
    verdict: "RFC 4271 §4.3: as though it were not among the withdrawn",
  },
  "a KEEPALIVE of 20 octets": { bird: "unchanged", verdict: "RFC 4271 §4.4: a KEEPALIVE is 19 octets" },
  "a second OPEN": { frr: "closed", verdict: "RFC 6608 §4 wants 5/3 said" },
  "a second OPEN that is malformed": {
    frr: "2/1",
    verdict: "RFC 4271 §8.2.2, Established, event 22: an error of the state machine",
  },
};
