import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatPrefix, ipv4, ipv6, prefixOf, type Prefix } from "../../../net/index.ts";
import { decodeMessage } from "../codec/codec.ts";
import { Framer } from "../codec/framing.ts";
import { maxMessageLength, type UpdateMessage } from "../codec/messages.ts";
import { ProtocolError } from "../codec/notification.ts";
import { changesOf } from "./adj-rib-in.ts";
import { AdjRibOut } from "./adj-rib-out.ts";
import { attributesKey } from "./path-attributes.ts";
import type { RouteContext } from "./route-context.ts";
import type { Route, RouteAttributes } from "./route.ts";

const session: RouteContext = {
  fourOctetAs: true,
  localAsn: 65211,
  internal: false,
  isLeaving: false,
  families: [4, 6],
  nextHops: { 4: ipv4(0x0a000001), 6: ipv6(1n) },
};

/** What has been written, in messages. */
function drain(rib: AdjRibOut): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let message = rib.next(); message !== undefined; message = rib.next()) messages.push(message);
  return messages;
}

function decode(bytes: Uint8Array): UpdateMessage {
  const [frame] = new Framer().push(bytes);
  assert.ok(frame !== undefined && !(frame instanceof ProtocolError));
  const message = decodeMessage(frame, session);
  assert.ok(!(message instanceof ProtocolError) && message.type === "update");
  return message;
}

function hosts(family: 4 | 6, count: number, attributes?: (index: number) => RouteAttributes): Route[] {
  return Array.from({ length: count }, (_, index) => ({
    prefix:
      family === 4 ? prefixOf(ipv4(0x0a000000 + index), 32) : prefixOf(ipv6((0x20010db8n << 96n) + BigInt(index)), 128),
    ...(attributes === undefined ? {} : { attributes: attributes(index) }),
  }));
}

function lengths(messages: readonly Uint8Array[]): number[] {
  return messages.map((message) => message.length);
}

test("10,000 IPv4 hosts take 13 messages, the fewest that hold them, and their withdrawal as few", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace(hosts(4, 10_000));
  const announced = drain(rib);
  // 23 octets of UPDATE, 20 of attributes and 5 for each prefix: 810 fit.
  assert.equal(announced.length, Math.ceil(10_000 / 810));
  assert.deepEqual(new Set(lengths(announced.slice(0, -1))), new Set([23 + 20 + 810 * 5]));
  rib.replace([]);
  const withdrawn = drain(rib);
  assert.equal(withdrawn.length, Math.ceil(10_000 / 814));
  assert.equal(rib.pending, 0);
});

test("a message is filled to the last octet where the prefixes allow it", () => {
  // A community makes the attributes 7 octets longer: 4,096 - 23 - 27 = 4,046 = 809 × 5 + 1: the default route fits.
  const attributes = { communities: [1] };
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace([
    ...hosts(4, 809, () => attributes),
    { prefix: prefixOf(ipv4(0), 0), attributes },
    { prefix: prefixOf(ipv4(1 << 24), 8), attributes },
  ]);
  assert.deepEqual(lengths(drain(rib)), [maxMessageLength, 23 + 27 + 2]);
});

test("IPv6 messages hold as many as fit, too", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace(hosts(6, 1_000));
  // 23 octets of UPDATE, 13 of attributes, 25 of MP_REACH_NLRI and 17 for each prefix.
  const perMessage = Math.floor((4_096 - 23 - 13 - 25) / 17);
  assert.equal(drain(rib).length, Math.ceil(1_000 / perMessage));
  rib.replace([]);
  assert.equal(drain(rib).length, Math.ceil(1_000 / Math.floor((4_096 - 23 - 7) / 17)));
});

test("routes with equal attributes share messages, whether they share an object or not", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace(hosts(4, 100, (index) => ({ med: index % 2, communities: index < 50 ? [1, 2] : [2, 1, 2] })));
  assert.equal(drain(rib).length, 2);
});

test("with 1,000 attribute sets each of 10 routes, each message carries one set", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace(hosts(4, 10_000, (index) => ({ med: index % 1_000 })));
  assert.equal(drain(rib).length, 1_000);
});

test("replacements go out before withdrawals, so that traffic always has a route", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace([{ prefix: prefixOf(ipv4(0x0a000000), 25) }]);
  drain(rib);
  rib.replace([{ prefix: prefixOf(ipv4(0x0a000000), 24) }]);
  const [first, second] = drain(rib).map(decode);
  assert.equal(first?.announced.length, 1);
  assert.equal(second?.withdrawn.length, 1);
});

test("attributes too long for a message are withheld with the reason, the other routes go", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  const communities = Array.from({ length: 1_100 }, (_, index) => index);
  rib.replace(hosts(4, 4, (index) => (index < 2 ? { communities } : {})));
  assert.equal(drain(rib).length, 1);
  assert.deepEqual(rib.withheld, [{ family: 4, count: 2, code: "attributes-too-long" }]);
  assert.equal(rib.sent[4], 2);
});

const anyPrefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(fc.nat(40), fc.constantFrom(24, 31, 32)).map(([value, length]) => prefixOf(ipv4(value << 7), length)),
  fc.tuple(fc.nat(40), fc.constantFrom(64, 128)).map(([value, length]) => prefixOf(ipv6(BigInt(value) << 63n), length)),
);
const anyRoute: fc.Arbitrary<Route> = fc.record({
  prefix: anyPrefix,
  attributes: fc.record({ med: fc.nat(3) }),
});
const step = fc.oneof(
  fc.array(anyRoute, { maxLength: 60 }).map((routes) => ({ do: "replace" as const, routes })),
  fc
    .record({ announce: fc.array(anyRoute, { maxLength: 20 }), withdraw: fc.array(anyPrefix, { maxLength: 20 }) })
    .map((changes) => ({ do: "change" as const, changes })),
  fc.nat(4).map((messages) => ({ do: "send" as const, messages })),
  fc.constantFrom({ do: "attach" as const }, { do: "detach" as const }),
);

test("whatever is asked for, in whatever order, the peer ends up with exactly what was wanted last", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const rib = new AdjRibOut();
      const wanted = new Map<string, Route>();
      let peerHas = new Map<string, string>();
      const deliver = (bytes: Uint8Array) => {
        const { announced, withdrawn } = changesOf(decode(bytes));
        for (const prefix of withdrawn)
          assert.ok(peerHas.delete(formatPrefix(prefix)), "only what it had is withdrawn");
        for (const { prefix, attributes } of announced) {
          const med = attributes.find((each) => each.type === "multi-exit-disc");
          peerHas.set(formatPrefix(prefix), attributesKey(med === undefined ? {} : { med: med.value }));
        }
        assert.equal(rib.sent[4] + rib.sent[6], peerHas.size);
      };
      const attach = () => {
        rib.detach();
        peerHas = new Map();
        rib.attach(session);
      };
      for (const step of steps) {
        if (step.do === "replace") {
          wanted.clear();
          for (const route of step.routes) wanted.set(formatPrefix(route.prefix), route);
          rib.replace(step.routes);
        } else if (step.do === "change") {
          for (const prefix of step.changes.withdraw) wanted.delete(formatPrefix(prefix));
          for (const route of step.changes.announce) wanted.set(formatPrefix(route.prefix), route);
          rib.change(step.changes);
        } else if (step.do === "attach") attach();
        else if (step.do === "detach") {
          rib.detach();
          peerHas = new Map();
        } else {
          for (let count = 0; count < step.messages; count++) {
            const bytes = rib.next();
            if (bytes !== undefined) deliver(bytes);
          }
        }
      }
      attach();
      for (let bytes = rib.next(); bytes !== undefined; bytes = rib.next()) deliver(bytes);
      const expected = [...wanted].map(([name, route]) => [name, attributesKey(route.attributes ?? {})] as const);
      assert.deepEqual(peerHas, new Map(expected), "the routes");
      assert.equal(rib.pending, 0);
      assert.deepEqual([...rib.routes()].length, wanted.size);
    }),
  );
});

test("what is wanted as it already is sends nothing", () => {
  const rib = new AdjRibOut();
  rib.attach(session);
  rib.replace(hosts(4, 100, () => ({ med: 5 })));
  drain(rib);
  rib.replace(hosts(4, 100, () => ({ med: 5 })));
  rib.replace([]);
  rib.replace(hosts(4, 100, () => ({ med: 5 })));
  assert.equal(rib.pending, 0);
  assert.equal(rib.next(), undefined);
});
