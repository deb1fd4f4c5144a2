import { Counter, Gauge, type Registry } from "prom-client";
import { formatAddress } from "../net/index.ts";
import type { BfdStatus } from "./bfd/index.ts";
import type { SessionSight } from "./bgp/index.ts";
import { vrfLabel } from "./bgp-metrics.ts";

type Path = BfdStatus["sessions"][number];

const labelNames = ["peer", "vrf", "name"] as const;

/** `sessions`: with whom the BGP sessions are whose paths BFD watches. */
export function bfdMetrics(registry: Registry, sessions: () => readonly SessionSight[]) {
  let read: () => Promise<BfdStatus> | undefined = () => undefined;
  /** Each path with the labels of its peer. */
  const paths = async () => {
    const status = await read();
    const sights = new Map(sessions().map((sight) => [sight.status.name, sight]));
    return (status?.sessions ?? []).flatMap((path) => {
      const sight = sights.get(path.name);
      if (sight === undefined) return [];
      const { address, interface: link } = sight.remote;
      const peer = link ?? (address === undefined ? "" : formatAddress(address));
      const labels = { peer, vrf: vrfLabel(sight), name: path.name };
      return [{ path, labels }];
    });
  };
  const counter = (name: string, help: string, of: (path: Path) => number) =>
    new Counter({
      name: `metallb_bfd_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const all = await paths();
        this.reset();
        for (const { path, labels } of all) this.inc(labels, of(path));
      },
    });
  const gauge = (name: string, help: string, of: (path: Path) => number) =>
    new Gauge({
      name: `metallb_bfd_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const all = await paths();
        this.reset();
        for (const { path, labels } of all) this.set(labels, of(path));
      },
    });
  gauge("session_up", "1 while BFD sees the path to the peer", ({ state }) => Number(state === "up"));
  counter("control_packet_input", "Control packets received", ({ packetsReceived }) => packetsReceived);
  counter("control_packet_output", "Control packets sent", ({ packetsSent }) => packetsSent);
  counter(
    "echo_packet_input",
    "Echo packets of ours that came back; what the peer sends to itself is the kernel's to forward",
    ({ echoPacketsReceived }) => echoPacketsReceived,
  );
  counter("echo_packet_output", "Echo packets sent", ({ echoPacketsSent }) => echoPacketsSent);
  counter("session_up_events", "How often the path has come up", ({ timesUp }) => timesUp);
  counter("session_down_events", "How often the path has gone down", ({ timesDown }) => timesDown);
  counter(
    "zebra_notifications",
    "Changes that the BGP speaker was told of; there is no Zebra here, and it was Zebra that told FRR's",
    ({ timesUp, timesDown }) => timesUp + timesDown,
  );
  return {
    /** Where to look when somebody asks; undefined while nothing is watched. */
    from: (status: () => Promise<BfdStatus> | undefined): void => {
      read = status;
    },
  };
}
