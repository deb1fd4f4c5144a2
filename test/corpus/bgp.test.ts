import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrefix, ipv4 } from "../../src/net/index.ts";
import { SimulatedNetwork, Speaker, type Connection } from "../../src/protocols/bgp/index.ts";
import { SimulatedClock } from "../../src/protocols/clock/index.ts";
import { asns, keepalive } from "./bgp-bytes.ts";
import { before, fence, openOf, prefixes, type Answer, type BgpCase } from "./bgp-case.ts";
import { bgpCorpus } from "./bgp-corpus.ts";

const [us, asked] = [ipv4(0x0a000001), ipv4(0x0a000002)];

for (const each of bgpCorpus) {
  const [code = ""] = each.answer.split(" ");
  test(`${each.when}: ${each.name}: ${code} (${each.section})`, async () => {
    const answer = await answerTo(each);
    // Where the corpus leaves the data open, any will do.
    assert.equal(each.answer.includes(" ") ? answer : (answer.split(" ")[0] ?? ""), each.answer);
  });
}

async function answerTo({ when, bytes, session, family }: BgpCase): Promise<Answer> {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const speaker = new Speaker(
    { clock, transport: network.host(asked), schedule: (run) => void clock.setTimer(0, run), random: () => 0.5 },
    { asn: asns.asked, routerId: ipv4(0x01010101), listen: [{ address: asked, port: 179 }] },
  );
  await speaker.listen();
  const remoteAsn = session === "internal" ? asns.asked : asns.us;
  const peer = speaker.addPeer({ name: "us", remoteAddress: us, remoteAsn, passive: true, inbound: "keep" });
  const heard: Buffer[] = [];
  let connection: Connection | undefined;
  let isClosed = false;
  network.host(us).dial(
    { remote: { address: asked, port: 179 } },
    {
      connected: (opened) => {
        connection = opened;
        const close = () => (isClosed = true);
        opened.open({ received: (more) => heard.push(Buffer.from(more)), drained() {}, ended: close, closed: close });
      },
      failed: (error) => assert.fail(error),
    },
  );
  const say = (...messages: readonly Uint8Array[]) => {
    clock.advance(10);
    for (const message of messages) connection?.write(message);
    clock.advance(10);
  };
  if (when === "opening") say(bytes);
  else {
    say(openOf(session));
    if (when === "open-confirm") say(bytes);
    else say(keepalive, before(session), bytes, fence(session));
  }
  const notification = heard.find((message) => message[18] === 3);
  if (notification !== undefined) {
    return `${notification[19] ?? 0}/${notification[20] ?? 0} ${notification.toString("hex", 21)}`.trim() as Answer; // as it is put together
  }
  if (isClosed) return "closed";
  if (when === "opening") return "accepted";
  const routes = new Map([...peer.receivedRoutes()].map((route) => [formatPrefix(route.prefix), route.attributes]));
  assert.ok(routes.has(prefixes.fence), "what comes after it is read");
  const attributes = routes.get(prefixes[family]);
  if (attributes === undefined) return "withdrawn";
  return attributes.some(({ type }) => type === "multi-exit-disc") ? "unchanged" : "announced";
}
