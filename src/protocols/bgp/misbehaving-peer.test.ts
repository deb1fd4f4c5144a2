import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPrefix, ipv4 } from "../../net/index.ts";
import { SimulatedClock } from "../clock/index.ts";
import { encodeMessage } from "./codec/codec.ts";
import type { OpenMessage } from "./codec/messages.ts";
import { Speaker, type Connection, type PeerConfig } from "./index.ts";
import { SimulatedNetwork } from "./simulated/simulated-network.ts";

const [addressA, addressB] = [ipv4(0x0a000001), ipv4(0x0a000002)];
const asnB = 4_200_000_001;

/** B played by hand: what it sends, and what it has heard. */
async function byHand(config: Partial<PeerConfig> = {}, isDeaf = false) {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const speaker = new Speaker(
    { clock, transport: network.host(addressA), schedule: (run) => void clock.setTimer(0, run), random: () => 0.5 },
    { asn: 65211, routerId: ipv4(1) },
  );
  const peer = speaker.addPeer({ name: "b", remoteAddress: addressB, remoteAsn: asnB, ...config });
  const connections: Connection[] = [];
  const heard: Buffer[] = [];
  await network.host(addressB).listen({ address: addressB, port: 179 }, (connection) => {
    connections.push(connection);
    if (isDeaf) return;
    const ended = () => connection.end();
    connection.open({ received: (bytes) => void heard.push(Buffer.from(bytes)), drained() {}, ended, closed() {} });
  });
  clock.advance(100);
  const say = (...messages: readonly Uint8Array[]) => {
    for (const message of messages) connections.at(-1)?.write(message);
    clock.advance(10);
  };
  /** Code, subcode and data of the NOTIFICATION that came last, in hexadecimal. */
  const notified = () => {
    const last = heard.at(-1);
    return last?.[18] === 3 ? last.toString("hex", 19) : undefined;
  };
  return { clock, peer, say, notified };
}

const context = { fourOctetAs: true };
const open: OpenMessage = {
  type: "open",
  asn: 23456,
  holdTimeSeconds: 90,
  routerId: ipv4(2),
  capabilities: [
    { type: "multiprotocol", afi: 1, safi: 1 },
    { type: "four-octet-as", asn: asnB },
    { type: "unknown", code: 199, value: Uint8Array.of(1, 2, 3) },
  ],
};
const bytesOfOpen = encodeMessage(open, context);
const keepalive = encodeMessage({ type: "keepalive" }, context);
const emptyUpdate = encodeMessage({ type: "update", withdrawn: [], attributes: [], announced: [] }, context);

function openWith(change: Partial<OpenMessage>): Uint8Array {
  return encodeMessage({ ...open, ...change }, context);
}

const wrongAnswers: readonly (readonly [what: string, messages: readonly Uint8Array[], notification: string])[] = [
  ["no marker", [new Uint8Array(19)], "0101"],
  ["a length below 19", [Uint8Array.from([...keepalive.subarray(0, 16), 0, 18, 4])], "01020012"],
  ["a length above 4096", [Uint8Array.from([...keepalive.subarray(0, 16), 16, 1, 2])], "01021001"],
  ["a message of unknown type", [Uint8Array.from([...keepalive.subarray(0, 18), 9])], "010309"],
  ["version 3", [bytesOfOpen.with(19, 3)], "02010004"],
  ["identifier 0.0.0.0", [openWith({ routerId: ipv4(0) })], "0203"],
  ["a hold time of 2 s", [openWith({ holdTimeSeconds: 2 })], "0206"],
  [
    "no family in common",
    [
      openWith({
        capabilities: [
          { type: "multiprotocol", afi: 25, safi: 65 },
          { type: "four-octet-as", asn: asnB },
        ],
      }),
    ],
    "0207010400010001010400020001",
  ],
  ["a KEEPALIVE before its OPEN", [keepalive], "050104"],
  ["an UPDATE before its KEEPALIVE", [bytesOfOpen, emptyUpdate], "050202"],
  ["a second OPEN", [bytesOfOpen, keepalive, bytesOfOpen], "050301"],
];

for (const [what, messages, notification] of wrongAnswers) {
  test(`a peer that sends ${what} gets NOTIFICATION ${notification}`, async () => {
    const { say, notified, peer } = await byHand();
    say(...messages);
    assert.equal(notified(), notification);
    assert.equal(peer.status.lastError?.code, "notification.sent");
  });
}

test("a peer that stops half way through a message is given up when the hold timer expires", async () => {
  const { say, notified, peer, clock } = await byHand({ holdTimeMs: 9_000 });
  say(bytesOfOpen, keepalive);
  assert.equal(peer.state, "established");
  say(emptyUpdate.subarray(0, 21));
  clock.advance(9_100);
  assert.equal(notified(), "0400");
  assert.notEqual(peer.state, "established");
});

test("a peer that takes the connection and says nothing is given up after four minutes", async () => {
  const { notified, peer, clock } = await byHand();
  assert.equal(peer.state, "open-sent");
  clock.advance(240_000);
  assert.equal(notified(), "0400");
});

test("the words of an operator who shuts the peer down are shown", async () => {
  const { say, peer } = await byHand();
  say(bytesOfOpen, keepalive);
  const text = Buffer.from("\u0008maintenance until 5\n");
  say(encodeMessage({ type: "notification", code: 6, subcode: 2, data: Uint8Array.of(text.length, ...text) }, context));
  const { lastError } = peer.status;
  assert.ok(lastError?.code === "notification.received");
  assert.equal(lastError.notification.shutdownMessage, "maintenance until 5");
});

test("a peer of two-octet AS numbers gets AS_TRANS, and the true number in AS4_PATH", async () => {
  const { say, peer } = await byHand({ localAsn: 4_200_000_007, remoteAsn: 65_000 });
  peer.setRoutes([{ prefix: hostPrefix(ipv4(0xac100001)) }]);
  say(openWith({ asn: 65_000, capabilities: [] }), keepalive);
  assert.equal(peer.state, "established");
  assert.equal(peer.status.negotiated?.fourOctetAs, false);
  assert.deepEqual(peer.status.negotiated?.families, [4]);
  assert.equal(peer.status.prefixes.sent[4], 1);
});

test("a peer that sends keepalives but takes nothing of what we send is given up", async () => {
  const { say, peer, clock } = await byHand({ sendHoldTimeMs: 120_000 }, true);
  const prefixes = Array.from({ length: 20_000 }, (_, index) => hostPrefix(ipv4(0xac100000 + index)));
  peer.setRoutes(prefixes.map((prefix) => ({ prefix })));
  say(bytesOfOpen, keepalive);
  for (let elapsed = 0; elapsed < 110_000; elapsed += 10_000) {
    clock.advance(10_000);
    assert.equal(peer.state, "established");
    say(keepalive);
  }
  clock.advance(15_000);
  const { lastError } = peer.status;
  assert.ok(lastError?.code === "notification.sent");
  assert.equal(lastError.notification.codeName, "Send Hold Timer Expired");
});

test("a malformed UPDATE is counted, and leaves the session", async () => {
  const { say, peer } = await byHand();
  say(bytesOfOpen, keepalive);
  const attributes = [{ type: "origin", origin: "igp" } as const];
  const announced = [hostPrefix(ipv4(0xac100001))];
  say(encodeMessage({ type: "update", withdrawn: [], attributes, announced }, context));
  assert.equal(peer.state, "established");
  assert.deepEqual(peer.status.faults, { treatedAsWithdraw: 1, attributesDiscarded: 0 });
});
