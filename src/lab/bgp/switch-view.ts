import type { FrrSwitch } from "../frr-switch.ts";

/** What the switch says of one neighbour. */
export interface Neighbour {
  readonly address: string;
  readonly as: number;
  readonly state: string;
  readonly prefixesReceived: number;
}

export async function neighboursOf(frr: FrrSwitch): Promise<Neighbour[]> {
  const summary = (await frr.show("bgp ipv4 unicast summary")) as {
    readonly peers?: Readonly<
      Record<string, { readonly remoteAs: number; readonly state: string; readonly pfxRcd: number }>
    >;
  };
  return Object.entries(summary.peers ?? {}).map(([address, { remoteAs, state, pfxRcd }]) => ({
    address,
    as: remoteAs,
    state,
    prefixesReceived: pfxRcd,
  }));
}

/** What the switch says of one session, since it runs. */
export interface SwitchSession {
  readonly address: string;
  readonly state: string;
  readonly as: number;
  readonly timesEstablished: number;
  readonly drops: number;
}

export async function sessionsOf(frr: FrrSwitch): Promise<SwitchSession[]> {
  const neighbours = (await frr.show("bgp neighbors")) as Readonly<
    Record<
      string,
      {
        readonly bgpState?: string;
        readonly remoteAs?: number;
        readonly connectionsEstablished?: number;
        readonly connectionsDropped?: number;
      }
    >
  >;
  return Object.entries(neighbours).map(([address, each]) => ({
    address,
    state: each.bgpState ?? "",
    as: each.remoteAs ?? 0,
    timesEstablished: each.connectionsEstablished ?? 0,
    drops: each.connectionsDropped ?? 0,
  }));
}

/** What the switch's last NOTIFICATION from or to this neighbour said, in FRR's words. */
export async function lastNotificationOf(frr: FrrSwitch, address: string): Promise<string | undefined> {
  const neighbours = (await frr.show(`bgp neighbors ${address}`)) as Readonly<
    Record<string, { readonly lastNotificationReason?: string }>
  >;
  return neighbours[address]?.lastNotificationReason;
}

/** One path of the switch's BGP table. */
export interface Path {
  readonly nextHop: string;
  readonly best: boolean;
  readonly multipath: boolean;
  readonly asPath: string;
  readonly origin: string;
}

export async function pathsTo(frr: FrrSwitch, prefix: string): Promise<Path[]> {
  const found = (await frr.show(`bgp ipv4 unicast ${prefix}`)) as {
    readonly paths?: readonly {
      readonly aspath?: { readonly string: string };
      readonly origin: string;
      readonly bestpath?: { readonly overall?: boolean };
      readonly multipath?: boolean;
      readonly nexthops: readonly { readonly ip: string }[];
    }[];
  };
  return (found.paths ?? []).map((path) => ({
    nextHop: path.nexthops[0]?.ip ?? "",
    best: path.bestpath?.overall === true,
    multipath: path.multipath === true,
    asPath: path.aspath?.string ?? "",
    origin: path.origin,
  }));
}

/** What the switch forwards by: the route that BGP gave to its kernel. */
export interface BgpRoute {
  readonly distance: number;
  readonly metric: number;
  readonly nextHops: readonly string[];
}

export async function bgpRouteTo(frr: FrrSwitch, prefix: string): Promise<BgpRoute | undefined> {
  const routes = (await frr.show("ip route bgp")) as Readonly<
    Record<
      string,
      readonly {
        readonly distance: number;
        readonly metric: number;
        readonly nexthops: readonly { readonly ip?: string; readonly fib?: boolean }[];
      }[]
    >
  >;
  const [route] = routes[prefix] ?? [];
  return (
    route && {
      distance: route.distance,
      metric: route.metric,
      nextHops: route.nexthops.flatMap((hop) => (hop.fib === true && hop.ip !== undefined ? [hop.ip] : [])).sort(),
    }
  );
}

/** What the switch's bfdd says of the paths that it watches. */
export async function bfdPeersOf(
  frr: FrrSwitch,
): Promise<readonly { readonly address: string; readonly status: string }[]> {
  const peers = (await frr.show("bfd peers")) as readonly { readonly peer: string; readonly status: string }[];
  return Array.isArray(peers) ? peers.map(({ peer: address, status }) => ({ address, status })) : [];
}
