// What FRR and BIRD make of the corpus of malformed messages: each case in a session of its own, all at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { prefixes, type Answer } from "../corpus/bgp-case.ts";
import { bgpCorpus } from "../corpus/bgp-corpus.ts";
import { bgpDifferences } from "../corpus/bgp-differences.ts";
import { until } from "./frr.ts";
import { birdFor, frrFor, type Caller, type MalformedRouter } from "./malformed-routers.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";
import { RawPeer } from "./raw-peer.ts";

enterOwnNamespace();

const callers: readonly Caller[] = bgpCorpus.map((each, index) => ({ case: each, address: `10.0.1.${index + 1}` }));

for (const [name, start, key] of [
  ["FRR", frrFor, "frr"],
  ["BIRD", birdFor, "bird"],
] as const) {
  test(`${name} answers malformed messages as docs/reference/bgp-malformed.md says`, async () => {
    const here = ["10.0.0.1/16", "2001:db8::1/64", ...callers.map(({ address }) => `${address}/16`)];
    using neighbour = new Neighbour("malformed", here, ["10.0.0.2/16", "2001:db8::2/64"]);
    await using router = await start(neighbour.name, callers);
    const answers = await answersOf(router);
    // Their data are their own business.
    const expected = bgpCorpus.map((each) => [
      each.name,
      bgpDifferences[each.name]?.[key] ?? each.answer.split(" ")[0],
    ]);
    assert.deepEqual(Object.fromEntries(answers), Object.fromEntries(expected));
  });
}

async function answersOf(router: MalformedRouter): Promise<[string, Answer][]> {
  using stack = new DisposableStack();
  const peers: RawPeer[] = [];
  // One after the other: few connections may wait to be accepted.
  for (const caller of callers) peers.push(stack.use(await RawPeer.start(caller.case, caller.address, "10.0.0.2")));
  await until("all OPENs are answered", () => peers.every((peer) => peer.hasKeepalive || peer.answer !== undefined));
  const open = peers.filter((peer) => peer.case.when !== "opening");
  for (const peer of open) peer.confirm();
  const established = open.filter((peer) => peer.case.when === "established");
  await until("all sessions are established", async () => {
    const up = await router.established();
    return established.every(({ address }) => up.has(address));
  });
  for (const peer of established) peer.announce();
  await until("all routes are there", async () => {
    const routes = await router.routes();
    return established.every(
      ({ address }) => routes.get(`${address} ${prefixes[4]}`) === 5 && routes.has(`${address} ${prefixes[6]}`),
    );
  });
  for (const peer of established) peer.misbehave();
  // More at once would be unread when a session is closed, and the reset overtake the NOTIFICATION.
  await wait(1_000);
  for (const peer of open) {
    if (peer.answer === undefined) peer.sayMore();
  }
  await until("all is read", async () => {
    const routes = await router.routes();
    return open.every(({ answer, address }) => answer !== undefined || routes.has(`${address} ${prefixes.fence}`));
  });
  await wait(1_000); // a route that is withdrawn goes some time after those that are announced have come
  const routes = await router.routes();
  return peers.map(({ case: { name, when, family }, answer, address }) => {
    if (answer !== undefined) return [name, answer];
    return [name, when === "established" ? fateOf(routes.get(`${address} ${prefixes[family]}`)) : "accepted"];
  });
}

function fateOf(med: number | undefined): Answer {
  if (med === undefined) return "withdrawn";
  return med === 0 ? "announced" : "unchanged";
}
