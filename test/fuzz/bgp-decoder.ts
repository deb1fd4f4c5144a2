import assert from "node:assert/strict";
import { decodeMessage, encodeMessage } from "../../src/protocols/bgp/codec/codec.ts";
import { Framer } from "../../src/protocols/bgp/codec/framing.ts";
import type { CodecContext, Message } from "../../src/protocols/bgp/codec/messages.ts";
import { describeNotification, ProtocolError } from "../../src/protocols/bgp/codec/notification.ts";
import { message as messageOf } from "../corpus/bgp-bytes.ts";
import { mutate, type Sample } from "./bgp-mutation.ts";
import { bgpSeeds } from "./bgp-seeds.ts";
import { Random } from "./random.ts";

/** How often each thing came out, and how many samples were worth keeping. */
export interface Tally {
  readonly outcomes: ReadonlyMap<string, number>;
  readonly samples: number;
}

const mostSamples = 8_192;
const internal = [false, true] as const;
/** Longer than what is decoded: the flag of an extended length may take an octet more. */
const contexts: readonly CodecContext[] = [true, false].flatMap((fourOctetAs) =>
  internal.map((isInternal) => ({
    fourOctetAs,
    internal: isInternal,
    extendedNextHop: isInternal,
    maxMessageLength: 4_400,
  })),
);

/**
 * Decodes `cases` mutated messages, and throws at the first that breaks a rule, with its octets. A message that is
 * answered as none was before becomes one to mutate: so it finds its way into the depths.
 */
export function fuzzBgpDecoder(cases: number, seed: number): Tally {
  const random = new Random(seed);
  const samples = Map.groupBy(bgpSeeds, ({ type }) => type);
  const seen = new Set<string>();
  const outcomes = new Map<string, number>();
  for (let left = cases; left > 0; left--) {
    const sample = mutate(pick(samples, random), pick(samples, random), random);
    const context = random.oneOf(contexts) ?? { fourOctetAs: true };
    const { outcome, signature } = checked(sample, context, random);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const alike = samples.get(sample.type);
    if (alike === undefined || alike.length >= mostSamples || seen.has(signature)) continue;
    seen.add(signature);
    alike.push({ type: sample.type, body: new Uint8Array(sample.body) });
  }
  return { outcomes, samples: [...samples.values()].reduce((sum, { length }) => sum + length, 0) };
}

/** Most of what can go wrong does so in an UPDATE. */
function pick(samples: ReadonlyMap<number, readonly Sample[]>, random: Random): Sample {
  const type = random.oneOf([1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 9]);
  return random.oneOf(samples.get(type) ?? []) ?? { type, body: new Uint8Array() };
}

function checked(sample: Sample, context: CodecContext, random: Random): { outcome: string; signature: string } {
  try {
    if (random.isOneIn(16)) checkFraming(sample, random);
    const copy = random.isOneIn(16) ? sample.body.slice() : undefined;
    const decoded = decodeMessage(sample, context);
    if (copy !== undefined) assert.deepEqual(sample.body, copy, "decoding changes nothing");
    if (decoded instanceof ProtocolError) return checkError(decoded, sample);
    return checkMessage(decoded, sample, context, random);
  } catch (error) {
    const octets = Buffer.from(sample.body).toString("hex");
    throw new Error(`type ${sample.type}, ${JSON.stringify(context)}: ${octets}`, { cause: error });
  }
}

/** The code that goes with each type of message (RFC 4271 §6): nothing else may come of it. */
const codesOf: Readonly<Record<number, number>> = { 1: 2, 2: 3, 5: 7 };

function checkError(error: ProtocolError, { type }: Sample) {
  assert.equal(error.code, codesOf[type] ?? 1);
  const { codeName, subcodeName } = describeNotification(error);
  assert.ok(!codeName.startsWith("Unknown"));
  assert.ok(subcodeName !== undefined || error.subcode === 0);
  const outcome = `NOTIFICATION ${error.code}/${error.subcode}`;
  return { outcome, signature: `${outcome} ${error.data[1] ?? ""}` };
}

function checkMessage(message: Message, { body }: Sample, context: CodecContext, random: Random) {
  assert.ok(prefixesIn(message) <= body.length, "no more comes out than went in");
  const faults = message.type === "update" ? (message.faults ?? []) : [];
  if (faults.length === 0) {
    const encoded = encodeMessage(message, context);
    const again = decodeMessage({ type: encoded[18] ?? 0, body: encoded.subarray(19) }, context);
    assert.ok(!(again instanceof ProtocolError));
    if (random.isOneIn(8)) assert.deepEqual(again, message);
    else assert.ok(Buffer.from(encodeMessage(again, context)).equals(encoded));
  }
  const withdraws = faults.some(({ code }) => code === "treat-as-withdraw");
  const kind = faults.length === 0 ? "good" : withdraws ? "treated as withdraw" : "attribute discarded";
  return { outcome: `${message.type}, ${kind}`, signature: signatureOf(message) };
}

function prefixesIn(message: Message): number {
  if (message.type !== "update") return 0;
  const counts = message.attributes.map((each) => ("prefixes" in each ? each.prefixes.length : 0));
  return counts.reduce((sum, count) => sum + count, message.withdrawn.length + message.announced.length);
}

function signatureOf(message: Message): string {
  if (message.type === "open") return kindsOf(message.capabilities);
  if (message.type !== "update") return message.type;
  const faults = (message.faults ?? []).map(({ code, attribute }) => `${code} ${attribute}`);
  return `${faults.join()}/${kindsOf(message.attributes)}/${Math.sign(message.withdrawn.length)}${Math.sign(message.announced.length)}`;
}

function kindsOf(list: readonly { readonly type: string }[]): string {
  return [...new Set(list.map(({ type }) => type))].sort().join();
}

/** In whatever pieces a stream comes, it gives the same frames and the same error. */
function checkFraming({ type, body }: Sample, random: Random): void {
  const stream = messageOf(type, [...body]);
  if (random.isOneIn(4)) stream[random.below(19)] = random.below(256);
  const cut = random.below(stream.length + 1);
  const whole = new Framer();
  const pieces = new Framer();
  const expected = [...whole.push(stream)].map(asText);
  const found = [stream.subarray(0, cut), stream.subarray(cut)].flatMap((piece) => [...pieces.push(piece)].map(asText));
  assert.deepEqual(found, expected);
}

function asText(outcome: Sample | ProtocolError): string {
  if (outcome instanceof ProtocolError) return outcome.message;
  return `${outcome.type} ${Buffer.from(outcome.body).toString("hex")}`;
}
