import {
  asns,
  capabilities,
  capability,
  message,
  messageOfLength,
  open,
  types,
  usualCapabilities,
} from "./bgp-bytes.ts";
import type { Answer, BgpCase } from "./bgp-case.ts";

const usual = capabilities(...usualCapabilities(asns.us));
const good = open();

/** Headers and OPENs. */
export const openingCases: readonly BgpCase[] = [
  opening("a marker that is not all ones", good.with(3, 0), "RFC 4271 §6.1", "1/1"),
  opening("a length below 19", messageOfLength(18, types.keepalive), "RFC 4271 §6.1", "1/2 0012"),
  opening("a length above 4,096", messageOfLength(4097, types.update), "RFC 4271 §6.1", "1/2 1001"),
  opening(
    "an OPEN of 28 octets",
    messageOfLength(28, types.open, [4, 0, 1, 0, 90, 1, 1, 1, 1]),
    "RFC 4271 §6.1",
    "1/2 001c",
  ),
  opening("an UPDATE of 22 octets", messageOfLength(22, types.update, [0, 0, 0]), "RFC 4271 §6.1", "1/2 0016"),
  opening("a message of type 9", message(9, []), "RFC 4271 §6.1", "1/3 09"),
  opening("version 3", open({ version: 3 }), "RFC 4271 §6.2", "2/1 0004"),
  opening("version 5", open({ version: 5 }), "RFC 4271 §6.2", "2/1 0004"),
  opening("an AS number that is not configured", open({ asn: 64_999 }), "RFC 4271 §6.2", "2/2 0000fde7"),
  opening(
    "AS number 0 in the capability",
    open({ parameters: capabilities(capability.multiprotocol4, capability.fourOctetAs(0)) }),
    "RFC 7607 §2",
    "2/2 00000000",
  ),
  opening("identifier 0.0.0.0", open({ routerId: [0, 0, 0, 0] }), "RFC 6286 §2.2", "2/3"),
  opening("identifier 224.0.0.1", open({ routerId: [224, 0, 0, 1] }), "RFC 6286 §2.1", "accepted"),
  opening("a hold time of 1 s", open({ holdTime: 1 }), "RFC 4271 §6.2", "2/6"),
  opening("a hold time of 2 s", open({ holdTime: 2 }), "RFC 4271 §6.2", "2/6"),
  opening("a hold time of 0", open({ holdTime: 0 }), "RFC 4271 §4.2", "accepted"),
  opening(
    "optional parameters longer than the message",
    open({ parametersLength: usual.length + 1 }),
    "RFC 4271 §6.2",
    "2/0",
  ),
  opening(
    "optional parameters shorter than the message",
    open({ parametersLength: usual.length - 1 }),
    "RFC 4271 §6.2",
    "2/0",
  ),
  opening("an optional parameter of unknown type", open({ parameters: [9, 1, 0, ...usual] }), "RFC 4271 §6.2", "2/4"),
  opening("an optional parameter of one octet", open({ parameters: [...usual, 2] }), "RFC 4271 §6.2", "2/0"),
  opening(
    "a capability longer than its parameter",
    open({ parameters: [2, 6, 1, 9, 0, 1, 0, 1] }),
    "RFC 4271 §6.2",
    "2/0",
  ),
  opening("a capabilities parameter of length 0", open({ parameters: [2, 0, ...usual] }), "RFC 5492 §4", "accepted"),
  opening(
    "a capability that is not known",
    open({ parameters: [2, 5, 199, 3, 1, 2, 3, ...usual] }),
    "RFC 5492 §3",
    "accepted",
  ),
  opening(
    "each capability in a parameter of its own",
    open({ parameters: usualCapabilities(asns.us).flatMap((each) => capabilities(each)) }),
    "RFC 5492 §4",
    "accepted",
  ),
  opening("the same capability twice", open({ parameters: [...usual, ...usual] }), "RFC 5492 §4", "accepted"),
  opening(
    "a route refresh capability with a value",
    open({ parameters: [...usual, 2, 3, 2, 1, 0] }),
    "RFC 5492 §3",
    "accepted",
  ),
  opening(
    "a multiprotocol capability of 3 octets",
    open({ parameters: [...usual, 2, 5, 1, 3, 0, 1, 0] }),
    "RFC 5492 §3",
    "accepted",
  ),
  opening(
    "no address family in common",
    open({ parameters: capabilities([1, 4, 0, 25, 0, 65], capability.fourOctetAs(asns.us)) }),
    "RFC 5492 §5",
    "2/7 010400010001010400020001",
  ),
  opening("no optional parameters", open({ parameters: [] }), "RFC 4760 §8", "accepted"),
  opening(
    "extended optional parameters",
    open({ parametersLength: 255, parameters: [255, 0, usual.length + 1, 2, 0, usual.length - 2, ...usual.slice(2)] }),
    "RFC 9072 §2",
    "accepted",
  ),
  opening(
    "extended optional parameters after a length that is not 255",
    open({ parametersLength: 7, parameters: [255, 0, usual.length + 1, 2, 0, usual.length - 2, ...usual.slice(2)] }),
    "RFC 9072 §2",
    "accepted",
  ),
  opening(
    "extended optional parameters longer than the message",
    open({ parametersLength: 255, parameters: [255, 0, usual.length + 9, 2, 0, usual.length - 2, ...usual.slice(2)] }),
    "RFC 9072 §2",
    "2/0",
  ),
  opening("parameter type 255 after another one", open({ parameters: [...usual, 255, 1, 0] }), "RFC 9072 §2", "2/4"),
  opening("a KEEPALIVE for an OPEN", message(types.keepalive, []), "RFC 6608 §4", "5/1 04"),
  opening("an UPDATE for an OPEN", message(types.update, [0, 0, 0, 0]), "RFC 6608 §4", "5/1 02"),
  opening("a malformed UPDATE for an OPEN", message(types.update, [0, 9, 0, 0]), "RFC 4271 §8.2.2", "5/1 02"),
  {
    ...opening("an UPDATE before the KEEPALIVE", message(types.update, [0, 0, 0, 0]), "RFC 6608 §4", "5/2 02"),
    when: "open-confirm",
  },
  {
    ...opening(
      "a malformed UPDATE before the KEEPALIVE",
      message(types.update, [0, 9, 0, 0]),
      "RFC 4271 §8.2.2",
      "5/2 02",
    ),
    when: "open-confirm",
  },
];

function opening(name: string, bytes: Uint8Array, section: string, answer: Answer): BgpCase {
  return { name, when: "opening", bytes, session: "external", family: 4, section, answer };
}
