import { types } from "../corpus/bgp-bytes.ts";
import { mutateOctets } from "./octet-mutation.ts";
import type { Random } from "./random.ts";

/** A message as the framer gives it, or one that might be. */
export interface Sample {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Lists do not grow without end. */
const mostParts = 24;

interface Part {
  readonly head: Uint8Array;
  readonly value: Uint8Array;
}

/** `sample` with one change or a few, half of them to its structure, so that what is around them stays good. */
export function mutate(sample: Sample, other: Sample, random: Random): Sample {
  let { body } = sample;
  let isChanged = false;
  while (!isChanged || random.isOneIn(2)) {
    isChanged = true;
    if (sample.type === types.update && random.isOneIn(2)) body = mutateAttributes(body, other, random);
    else if (sample.type === types.open && random.isOneIn(2)) body = mutateCapabilities(body, other, random);
    else body = mutateOctets(body, other.body, random);
  }
  return { type: random.isOneIn(64) ? other.type : sample.type, body: body.subarray(0, 4_077) };
}

function mutateAttributes(body: Uint8Array, other: Sample, random: Random): Uint8Array {
  const { before, list, after } = attributesOf(body);
  const lent = other.type === types.update ? attributesOf(other.body).list : list;
  const changed = Buffer.concat(mutateParts(list, lent, random).map(encodeAttribute));
  const length = Uint8Array.of(changed.length >>> 8, changed.length & 255);
  return Buffer.concat([before, length, changed, after]);
}

/** The octets before the attributes' length, each attribute as far as they can be told, and what comes after. */
function attributesOf(body: Uint8Array): { before: Uint8Array; list: Part[]; after: Uint8Array } {
  const withdrawn = Math.min(((body[0] ?? 0) << 8) | (body[1] ?? 0), Math.max(0, body.length - 4));
  const start = withdrawn + 4;
  const end = Math.min(body.length, start + (((body[start - 2] ?? 0) << 8) | (body[start - 1] ?? 0)));
  const list: Part[] = [];
  let at = start;
  while (at + 3 <= end) {
    const isLong = ((body[at] ?? 0) & 0x10) !== 0;
    const length = isLong ? ((body[at + 2] ?? 0) << 8) | (body[at + 3] ?? 0) : (body[at + 2] ?? 0);
    const from = at + (isLong ? 4 : 3);
    const until = Math.min(end, from + length);
    list.push({ head: body.subarray(at, at + 2), value: body.subarray(from, until) });
    at = Math.max(until, from);
  }
  return { before: body.subarray(0, Math.max(0, start - 2)), list, after: body.subarray(end) };
}

function encodeAttribute({ head, value }: Part): Uint8Array {
  const [flags = 0, code = 0] = head;
  const isLong = value.length > 255 || (flags & 0x10) !== 0;
  const length = isLong ? [value.length >>> 8, value.length & 255] : [value.length];
  return Buffer.concat([Uint8Array.of(isLong ? flags | 0x10 : flags, code, ...length), value]);
}

function mutateCapabilities(body: Uint8Array, other: Sample, random: Random): Uint8Array {
  const lent = capabilitiesOf(other.type === types.open ? other.body : body);
  const changed = Buffer.concat(
    mutateParts(capabilitiesOf(body), lent, random).map(({ head, value }) => {
      return Buffer.concat([Uint8Array.of(head[0] ?? 0, value.length & 255), value.subarray(0, 255)]);
    }),
  );
  const { length } = changed;
  const parameters =
    length > 253 || random.isOneIn(8)
      ? Uint8Array.of(255, 255, (length + 3) >>> 8, (length + 3) & 255, 2, length >>> 8, length & 255)
      : Uint8Array.of(length + 2, 2, length);
  return Buffer.concat([body.subarray(0, 9), parameters, changed]);
}

/** Those of the first optional parameter, in its usual form. */
function capabilitiesOf(body: Uint8Array): Part[] {
  const list: Part[] = [];
  let at = 12;
  while (at + 2 <= body.length) {
    const until = Math.min(body.length, at + 2 + (body[at + 1] ?? 0));
    list.push({ head: body.subarray(at, at + 1), value: body.subarray(at + 2, until) });
    at = until;
  }
  return list;
}

/** One is taken out, doubled, changed in its head or its value, or lent by another message. */
function mutateParts(list: readonly Part[], lent: readonly Part[], random: Random): readonly Part[] {
  const at = random.below(list.length + 1);
  const part = list[at];
  const borrowed = random.oneOf(lent);
  if (part === undefined || random.isOneIn(6)) {
    return borrowed === undefined || list.length > mostParts ? list.slice(1) : list.toSpliced(at, 0, borrowed);
  }
  switch (random.below(4)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.length > mostParts ? list : list.toSpliced(at, 0, part);
    case 2:
      return list.with(at, { ...part, head: mutateOctets(part.head, part.head, random) });
    default:
      return list.with(at, { ...part, value: mutateOctets(part.value, borrowed?.value ?? part.value, random) });
  }
}
