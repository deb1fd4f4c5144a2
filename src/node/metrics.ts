import { Counter, Gauge, type Registry } from "prom-client";
import type { PeerStatus } from "../protocols/bgp/index.ts";

/** What an agent counts, under the names that MetalLB's users have on their dashboards. */
export type NodeMetrics = ReturnType<typeof nodeMetrics>;

export function nodeMetrics(registry: Registry) {
  let sessions: () => readonly PeerStatus[] = () => [];
  const perPeer = (name: string, help: string, read: (status: PeerStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["peer"],
      registers: [registry],
      collect() {
        this.reset();
        for (const status of sessions()) this.set({ peer: status.name }, read(status));
      },
    });
  const prefix = "metallb_bgp";
  perPeer(`${prefix}_session_up`, "1 while the session is established", ({ state }) => Number(state === "established"));
  perPeer(
    `${prefix}_announced_prefixes_total`,
    "Prefixes that the peer has from us",
    ({ prefixes }) => prefixes.sent[4] + prefixes.sent[6],
  );
  perPeer(`${prefix}_pending_prefixes_total`, "Changes that are not yet sent", ({ prefixes }) => prefixes.pending);
  const updates = new Counter({
    name: `${prefix}_updates_total`,
    help: "UPDATE messages sent",
    labelNames: ["peer"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name: peer, messagesSent } of sessions()) this.inc({ peer }, messagesSent.update);
    },
  });
  return {
    updates,
    sessions(read: () => readonly PeerStatus[]): void {
      sessions = read;
    },
  };
}
