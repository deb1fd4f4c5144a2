import type { Peer, PlannedRoute } from "../../plan/index.ts";
import type { Route, RouteAttributes } from "../../protocols/bgp/index.ts";

type Origin = Peer["origin"];

/**
 * What an endpoint counts in a link bandwidth. Routers look at nothing but proportions; a million bytes per second let
 * 4,000 endpoints fit into the 32 bits that FRR has for it.
 */
const bytesPerSecondOfEndpoint = 1_000_000;

/** The routes of the plan as the speaker takes them: one object for each attribute set, so that they go out together. */
export class RouteAttributeSets {
  readonly #known = new Map<string, RouteAttributes>();

  /** `localAsn`: what the session's peer hears of us. */
  routeOf(planned: PlannedRoute, localAsn: number, origin: Origin): Route {
    const { prefix, localPref, communities, med, prepend, weight } = planned;
    const key = JSON.stringify([
      origin,
      localPref,
      communities,
      med,
      prepend,
      weight,
      weight === undefined ? 0 : localAsn,
    ]);
    const known = this.#known.get(key);
    if (known !== undefined) return { prefix, attributes: known };
    const attributes = attributesOf(planned, localAsn, origin);
    this.#known.set(key, attributes);
    return { prefix, attributes };
  }
}

function attributesOf(
  { localPref, communities, med, prepend, weight }: PlannedRoute,
  localAsn: number,
  origin: Origin,
): RouteAttributes {
  return {
    origin,
    prepend,
    ...(localPref === undefined ? {} : { localPref }),
    ...(med === undefined ? {} : { med }),
    communities: communities.flatMap((each) => (each.type === "standard" ? [each.value] : [])),
    largeCommunities: communities.flatMap((each) => (each.type === "large" ? [each.value] : [])),
    ...(weight === undefined ? {} : { extendedCommunities: [linkBandwidth(weight, localAsn)] }),
  };
}

/** draft-ietf-idr-link-bandwidth: what routers weigh equal paths by. */
function linkBandwidth(weight: number, asn: number) {
  return { type: "link-bandwidth", asn, bytesPerSecond: weight * bytesPerSecondOfEndpoint } as const;
}
