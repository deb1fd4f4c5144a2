import { Counter, Gauge, type Registry } from "prom-client";
import { formatAddress } from "../net/index.ts";
import type { PeerStatus } from "../protocols/bgp/index.ts";
import type { SessionSight } from "./bgp/index.ts";

/** `name` is Fairlead's own: the BGPPeer's. */
const labelNames = ["peer", "vrf", "name"] as const;

/** In MetalLB's words, where the VRF that is none is called so. */
export function vrfLabel({ vrf }: SessionSight): string {
  return vrf ?? "default";
}

export function bgpMetrics(registry: Registry) {
  let read: () => readonly SessionSight[] = () => [];
  const labels = (sight: SessionSight) => {
    const { address, interface: link, port } = sight.remote;
    const host = address?.family === 6 ? `[${formatAddress(address)}]` : address && formatAddress(address);
    // A peer without a number keeps its name when its address becomes known, or another.
    return { peer: link ?? `${host}:${port}`, vrf: vrfLabel(sight), name: sight.status.name };
  };
  const gauge = (name: string, help: string, of: (status: PeerStatus) => number) =>
    new Gauge({
      name: `metallb_bgp_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const sight of read()) this.set(labels(sight), of(sight.status));
      },
    });
  const counter = (name: string, help: string, of: (status: PeerStatus) => number) =>
    new Counter({
      name: `metallb_bgp_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const sight of read()) this.inc(labels(sight), of(sight.status));
      },
    });
  gauge("session_up", "1 while the session is established", ({ state }) => Number(state === "established"));
  gauge(
    "announced_prefixes_total",
    "Prefixes that the peer has from us",
    ({ prefixes: { sent } }) => sent[4] + sent[6],
  );
  gauge("pending_prefixes_total", "Changes that are not yet sent", ({ prefixes }) => prefixes.pending);
  counter("updates_total", "UPDATE messages sent", ({ messagesSent }) => messagesSent.update);
  counter("updates_total_received", "UPDATE messages received", ({ messagesReceived }) => messagesReceived.update);
  counter("opens_sent", "OPEN messages sent", ({ messagesSent }) => messagesSent.open);
  counter("opens_received", "OPEN messages received", ({ messagesReceived }) => messagesReceived.open);
  counter("keepalives_sent", "KEEPALIVE messages sent", ({ messagesSent }) => messagesSent.keepalive);
  counter("keepalives_received", "KEEPALIVE messages received", ({ messagesReceived }) => messagesReceived.keepalive);
  counter("notifications_sent", "NOTIFICATION messages sent", ({ messagesSent }) => messagesSent.notification);
  counter("route_refresh_sent", "ROUTE-REFRESH messages sent", ({ messagesSent }) => messagesSent["route-refresh"]);
  counter("total_sent", "Messages sent", ({ messagesSent }) => total(messagesSent));
  counter("total_received", "Messages received", ({ messagesReceived }) => total(messagesReceived));
  return {
    read: () => read(),
    /** Where to look when somebody asks. */
    from: (sessions: () => readonly SessionSight[]): void => {
      read = sessions;
    },
  };
}

function total(counts: PeerStatus["messagesSent"]): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
