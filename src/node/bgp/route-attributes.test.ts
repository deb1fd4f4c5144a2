import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrefix } from "../../net/index.ts";
import { wellKnownCommunities as planned } from "../../plan/index.ts";
import { wellKnownCommunities as spoken } from "../../protocols/bgp/index.ts";
import { RouteAttributeSets } from "./route-attributes.ts";

test("the plan and the speaker know the same communities by the same names", () => {
  assert.deepEqual(planned, spoken);
});

test("a route says to routers what the plan says, and its weight as a link bandwidth", () => {
  const prefix = parsePrefix("192.0.2.1/32");
  assert.ok(prefix);
  const route = { prefix, localPref: undefined, communities: [], med: 7, prepend: 2, weight: 3 };
  const { attributes } = new RouteAttributeSets().routeOf(route, 65_211, "igp");
  assert.deepEqual([attributes?.med, attributes?.prepend], [7, 2]);
  assert.equal(attributes?.origin, "igp");
  assert.deepEqual(attributes?.extendedCommunities, [
    { type: "link-bandwidth", asn: 65_211, bytesPerSecond: 3_000_000 },
  ]);
});
