import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv6 } from "../../net/index.ts";
import { decodeDiscoveryMessage, encodeDiscoveryMessage, type Arrival, type DiscoveryMessage } from "./index.ts";

const linkLocal = ipv6((0xfe80n << 112n) | 1n);
const good: Arrival = { source: linkLocal, hopLimit: 255 };

/** An option is padded to 8 octets: the addresses that fill it come back as they were. */
const linkLayer = fc
  .integer({ min: 0, max: 4 })
  .chain((units) => fc.uint8Array({ minLength: 6 + 8 * units, maxLength: 6 + 8 * units }));
const source = fc.option(linkLayer, { nil: undefined });
const message: fc.Arbitrary<DiscoveryMessage> = fc
  .tuple(source, fc.option(fc.nat(0xffff), { nil: undefined }))
  .map(([sourceLinkLayer, routerLifetimeSeconds]) => {
    const options = sourceLinkLayer === undefined ? {} : { sourceLinkLayer };
    if (routerLifetimeSeconds === undefined) return { type: "router-solicitation", ...options };
    return { type: "router-advertisement", routerLifetimeSeconds, ...options };
  });

test("what is encoded is decoded as it was", () => {
  fc.assert(
    fc.property(message, (message) => {
      assert.deepEqual(decodeDiscoveryMessage(encodeDiscoveryMessage(message), good), message);
    }),
  );
});

test("an advertisement of a router that runs radvd is read", () => {
  // Hop limit 64, lifetime 1,800 s; the link layer address, an MTU of 1,500, the prefix 2001:db8::/64.
  const bytes = Buffer.from(
    "86000000400007080000000000000000" +
      "0101020000000001" +
      "05010000000005dc" +
      "030440c000015180000038400000000020010db8000000000000000000000000",
    "hex",
  );
  assert.deepEqual(decodeDiscoveryMessage(bytes, good), {
    type: "router-advertisement",
    routerLifetimeSeconds: 1_800,
    sourceLinkLayer: new Uint8Array([2, 0, 0, 0, 0, 1]),
  });
});

const advertisement = encodeDiscoveryMessage({ type: "router-advertisement", routerLifetimeSeconds: 0 });
const solicitation = encodeDiscoveryMessage({ type: "router-solicitation", sourceLinkLayer: new Uint8Array(6) });

for (const [what, bytes, arrival, fault] of [
  ["has passed a router", advertisement, { ...good, hopLimit: 254 }, "hop-limit"],
  ["comes from an address that is not link-local", advertisement, { ...good, source: ipv6(1n) }, "bad-source"],
  ["names the link layer of nobody", solicitation, { ...good, source: ipv6(0n) }, "bad-source"],
  ["has a code", advertisement.with(1, 1), good, "code"],
  ["is cut off", advertisement.subarray(0, 15), good, "too-short"],
  [
    "has an option of no length",
    Buffer.concat([advertisement, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])]),
    good,
    "bad-option",
  ],
  [
    "has an option that runs over the end",
    Buffer.concat([advertisement, Buffer.from([1, 2, 0, 0, 0, 0, 0, 0])]),
    good,
    "bad-option",
  ],
  ["has half an option", Buffer.concat([advertisement, Buffer.from([1])]), good, "bad-option"],
  ["is another message", advertisement.with(0, 135), good, "other-type"],
  ["is empty", new Uint8Array(), good, "other-type"],
] as const) {
  test(`a message that ${what} is not taken`, () => {
    assert.equal(decodeDiscoveryMessage(bytes, arrival), fault);
  });
}

test("whatever comes in, it is read or refused, and never throws", () => {
  const head = fc.constantFrom([133, 0], [134, 0], []);
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 80 }), fc.boolean(), (head, tail, isGood) => {
      const read = decodeDiscoveryMessage(
        Uint8Array.from([...head, ...tail]),
        isGood ? good : { ...good, hopLimit: 1 },
      );
      if (!isGood) assert.equal(typeof read, "string");
    }),
    { numRuns: 5_000 },
  );
});
