import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, prefixOf } from "../../net/index.ts";
import type { Peer } from "../../plan/index.ts";
import { SimulatedClock } from "../../protocols/clock/index.ts";
import { missingSource, SourceAddresses } from "./source-addresses.ts";
import { address } from "../../net/testing.ts";
import { plannedPeer } from "./testing.ts";

type SourceChoice = NonNullable<Peer["sourceFrom"]>;
const link = (name: string): SourceChoice => ({ by: "link", link: name });
const range: SourceChoice = { by: "prefix", prefix: prefixOf(address("10.10.2.0"), 28) };

/** A node's addresses, and what they make of a peer with this annotation. */
function sourcesFor(sourceFrom: SourceChoice, has: string[], about: Partial<Peer> = {}) {
  const planned = plannedPeer({ sourceFrom, ...about });
  const clock = new SimulatedClock();
  const changes: string[] = [];
  const list = () =>
    has.map((each) => {
      const [link = "", text = ""] = each.split(" ");
      return { link, address: address(text) };
    });
  const found = () => {
    const { sourceAddress } = sources.sourced(planned);
    return sourceAddress === undefined ? "none" : formatAddress(sourceAddress);
  };
  const sources = new SourceAddresses(clock, list, () => changes.push(found()));
  sources.setPeers([planned]);
  return { clock, sources, planned, found, changes };
}

const chosen: [what: string, sourceFrom: SourceChoice, has: string[], about: Partial<Peer>, source: string][] = [
  [
    "the first address of a link",
    link("eth1"),
    ["eth0 10.10.2.112", "eth1 10.10.3.1", "eth1 10.10.3.2"],
    {},
    "10.10.3.1",
  ],
  ["what lo has beside the loopback address", link("lo"), ["lo 127.0.0.1", "lo 10.10.2.12"], {}, "10.10.2.12"],
  ["the address in a prefix, on any link", range, ["eth0 10.10.2.112", "eth0 10.10.2.12"], {}, "10.10.2.12"],
  [
    "one of the router's family, and not link-local",
    link("eth0"),
    ["eth0 10.10.2.112", "eth0 fe80::1", "eth0 2001:db8::1"],
    { reach: { by: "address", address: address("2001:db8::210") }, families: [6] },
    "2001:db8::1",
  ],
  ["none where there is none", link("lo"), ["lo 127.0.0.1", "eth0 10.10.2.112"], {}, "none"],
];
for (const [what, sourceFrom, has, about, source] of chosen) {
  test(`a node dials from ${what}`, () => {
    const { sources, found } = sourcesFor(sourceFrom, has, about);
    assert.equal(found(), source);
    sources.stop();
  });
}

test("an address that comes later is found, is kept while it is there, and another takes its place when it goes", () => {
  const has = ["eth0 10.10.2.112"];
  const { clock, sources, changes } = sourcesFor(link("lo"), has);
  has.push("lo 10.10.2.12");
  clock.advance(1_000);
  has.splice(1, 0, "lo 10.10.2.11");
  clock.advance(5_000);
  has.pop();
  clock.advance(1_000);
  assert.deepEqual(changes, ["10.10.2.12", "10.10.2.11"]);
  sources.stop();
});

test("the address is the BGP identifier too, unless another is asked for", () => {
  const identifierOf = (about: Partial<Peer>) => {
    const { sources, planned } = sourcesFor(link("lo"), ["lo 10.10.2.12"], about);
    sources.stop();
    return sources.sourced(planned).routerId;
  };
  assert.deepEqual(identifierOf({}), address("10.10.2.12"));
  assert.deepEqual(identifierOf({ routerId: address("1.2.3.4") }), address("1.2.3.4"));
});

test("what a node lacks is said in words", () => {
  const { sources, planned } = sourcesFor(range, []);
  assert.equal(
    missingSource(sources.sourced(planned)),
    "this node has no IPv4 address in 10.10.2.0/28 to dial from (fairlead.dev/source-from)",
  );
  sources.stop();
});
