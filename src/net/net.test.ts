import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import {
  addToAddress,
  formatAddress,
  formatPrefix,
  ipv4,
  ipv6,
  lastAddress,
  parseAddress,
  parsePrefix,
  parseRange,
  prefixContains,
  prefixOf,
  rangeContains,
  rangeSize,
  rangesOverlap,
  type Address,
} from "./index.ts";

const anyIpv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => ipv6(groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)));
const anyAddress: fc.Arbitrary<Address> = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(ipv4), anyIpv6);

test("what is formatted parses to the same address, and ipaddr.js agrees", () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const text = formatAddress(address);
      assert.deepEqual(parseAddress(text), address);
      const oracle = ipaddr.parse(text);
      const expected = oracle instanceof ipaddr.IPv6 ? oracle.toRFC5952String() : oracle.toString();
      if (!text.startsWith("::ffff:")) assert.equal(text, expected);
    }),
  );
});

test("text that is no address is refused, never guessed", () => {
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.256",
    " 1.2.3.4",
    "1::2::3",
    ":::",
    "1:2:3:4:5:6:7",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7::8",
    "::1.2.3.400",
    "g::",
    "1.2.3.4::",
    "0x1.2.3.4",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test("any text gives an address or undefined", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
});

test("a prefix contains its first and last address and not the ones beside them", () => {
  fc.assert(
    fc.property(anyAddress, fc.nat(128), (address, length) => {
      const prefix = prefixOf(address, address.family === 4 ? length % 33 : length);
      assert.deepEqual(parsePrefix(formatPrefix(prefix)), prefix);
      assert.ok(prefixContains(prefix, address));
      assert.ok(prefixContains(prefix, prefix.address));
      assert.ok(prefixContains(prefix, lastAddress(prefix)));
      const after = addToAddress(lastAddress(prefix), 1n);
      const before = addToAddress(prefix.address, -1n);
      assert.ok(after === undefined || !prefixContains(prefix, after));
      assert.ok(before === undefined || !prefixContains(prefix, before));
    }),
  );
});

test("ranges are written as a prefix or as first-last; anything else says what is wrong", () => {
  assert.deepEqual(parseRange("192.0.2.0/30"), { first: ipv4(0xc0000200), last: ipv4(0xc0000203) });
  assert.deepEqual(parseRange("192.0.2.1 - 192.0.2.2"), { first: ipv4(0xc0000201), last: ipv4(0xc0000202) });
  assert.deepEqual(parseRange("192.0.2.2-192.0.2.1"), { code: "range.order", text: "192.0.2.2-192.0.2.1" });
  assert.deepEqual(parseRange("192.0.2.2-::1"), { code: "range.family", text: "192.0.2.2-::1" });
  assert.deepEqual(parseRange("192.0.2.0/33"), { code: "range.syntax", text: "192.0.2.0/33" });
});

test("ranges overlap exactly when one holds an end of the other", () => {
  const small = fc
    .tuple(fc.nat(20), fc.nat(20))
    .map(([a, b]) => ({ first: ipv4(Math.min(a, b)), last: ipv4(Math.max(a, b)) }));
  fc.assert(
    fc.property(small, small, (a, b) => {
      const shared = [a.first, a.last].some((end) => rangeContains(b, end)) || rangeContains(a, b.first);
      assert.equal(rangesOverlap(a, b), shared);
      assert.equal(rangeSize(a), BigInt(a.last.value) - BigInt(a.first.value) + 1n);
    }),
  );
});
