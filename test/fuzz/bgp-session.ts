import assert from "node:assert/strict";
import { ipv4 } from "../../src/net/index.ts";
import { decodeMessage } from "../../src/protocols/bgp/codec/codec.ts";
import { Framer } from "../../src/protocols/bgp/codec/framing.ts";
import { ProtocolError } from "../../src/protocols/bgp/codec/notification.ts";
import { SimulatedNetwork, Speaker, type Connection } from "../../src/protocols/bgp/index.ts";
import { SimulatedClock } from "../../src/protocols/clock/index.ts";
import { asns, keepalive, message, types } from "../corpus/bgp-bytes.ts";
import { openOf } from "../corpus/bgp-case.ts";
import type { Tally } from "./bgp-decoder.ts";
import { mutate } from "./bgp-mutation.ts";
import { bgpSeeds } from "./bgp-seeds.ts";
import { Random } from "./random.ts";

const [us, asked] = [ipv4(0x0a000001), ipv4(0x0a000002)];
const most = 20;

/**
 * One speaker, and one neighbour that comes `sessions` times, sets up a session and then sends garbage in pieces. Throws
 * unless each session ends with the right NOTIFICATION, or none where nothing was wrong, and the next one comes up.
 */
export async function fuzzBgpSession(sessions: number, seed: number): Promise<Tally> {
  const random = new Random(seed);
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const speaker = new Speaker(
    { clock, transport: network.host(asked), schedule: (run) => void clock.setTimer(0, run), random: () => 0.5 },
    { asn: asns.asked, routerId: ipv4(0x01010101), listen: [{ address: asked, port: 179 }] },
  );
  await speaker.listen();
  const peer = speaker.addPeer({ name: "us", remoteAddress: us, remoteAsn: asns.us, passive: true, inbound: "keep" });
  const outcomes = new Map<string, number>();
  for (let left = sessions; left > 0; left--) {
    const neighbour = new Neighbour(clock, network);
    neighbour.say(openOf("external"), keepalive);
    assert.equal(peer.state, "established", "a session comes up after all that was before");
    const stream = garbage(random);
    for (let at = 0; at < stream.length;) {
      const end = at + 1 + random.below(stream.length);
      neighbour.say(stream.subarray(at, end));
      at = end;
    }
    const expected = endOf(stream);
    const octets = Buffer.from(stream).toString("hex");
    assert.equal(neighbour.notification, expected === "closed" ? undefined : expected, octets);
    assert.equal(peer.state === "established", expected === undefined, octets);
    neighbour.leave();
    assert.equal([...peer.receivedRoutes()].length, 0, "its routes go with the session");
    const outcome = expected ?? "the session stays";
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  await Promise.all([speaker.stop(), Promise.resolve(clock.advance(2_000))]);
  return { outcomes, samples: bgpSeeds.length };
}

function garbage(random: Random): Uint8Array {
  const messages = Array.from({ length: 1 + random.below(most) }, () => {
    const [sample, other] = [random.oneOf(bgpSeeds), random.oneOf(bgpSeeds)];
    if (sample === undefined || other === undefined) return keepalive;
    // What ends a session by its type alone would leave little for the others.
    const type = sample.type === types.update || random.isOneIn(8) ? sample.type : types.update;
    const mutated = random.isOneIn(2) ? { type, body: sample.body } : mutate({ ...sample, type }, other, random);
    return message(mutated.type, [...mutated.body]);
  });
  return Buffer.concat(messages);
}

/** How a session that reads `stream` ends: by which NOTIFICATION, closed after one of theirs, or not at all. */
function endOf(stream: Uint8Array): string | undefined {
  for (const frame of new Framer().push(stream)) {
    if (frame instanceof ProtocolError) return `${frame.code}/${frame.subcode}`;
    if (frame.type === types.open) return "5/3";
    if (frame.type === types.notification) return "closed";
    const decoded = decodeMessage(frame, { fourOctetAs: true });
    if (decoded instanceof ProtocolError) return `${decoded.code}/${decoded.subcode}`;
  }
  return undefined;
}

class Neighbour {
  readonly #clock: SimulatedClock;
  #connection: Connection | undefined;
  notification: string | undefined;

  constructor(clock: SimulatedClock, network: SimulatedNetwork) {
    this.#clock = clock;
    const received = (bytes: Uint8Array) => {
      if (bytes[18] === types.notification) this.notification = `${bytes[19] ?? 0}/${bytes[20] ?? 0}`;
    };
    const connected = (connection: Connection) => {
      this.#connection = connection;
      connection.open({ received, drained() {}, ended() {}, closed() {} });
    };
    const failed = (error: Error) => assert.fail(error);
    network.host(us).dial({ remote: { address: asked, port: 179 } }, { connected, failed });
    clock.advance(5);
  }

  say(...messages: readonly Uint8Array[]): void {
    for (const each of messages) this.#connection?.write(each);
    this.#clock.advance(5);
  }

  leave(): void {
    this.#connection?.destroy();
    this.#clock.advance(5);
  }
}
