import { hostNamespace, wiresNamespace } from "./names.ts";
import { addNamespaces, ipBatch, setSysctls } from "./namespaces.ts";
import type { Host, Interface, Topology } from "./topology.ts";

/** The name of a host's port on a segment's bridge; the first letters of a topology's segments differ. */
export function portOf(host: Host, segment: string): string {
  return `${host.name}-${segment.slice(0, 1)}`;
}

/** Makes the bridges, one a segment, in a namespace of their own. */
export async function buildSegments(labId: string, topology: Topology, signal?: AbortSignal): Promise<void> {
  const wires = wiresNamespace(labId);
  await addNamespaces([wires], signal);
  const lines = topology.segments.flatMap((segment) => [
    // Without forward_delay a port would listen and learn for 15 s each before it forwards.
    `link add name ${segment} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set dev ${segment} up`,
  ]);
  await ipBatch(wires, lines, signal);
}

/** Makes hosts with their links, addresses, routes and sysctls, all at once or one that was removed before. */
export async function buildHosts(labId: string, hosts: readonly Host[], signal?: AbortSignal): Promise<void> {
  await addNamespaces(
    hosts.map((host) => hostNamespace(labId, host.name)),
    signal,
  );
  const plug = hosts.flatMap((host) => host.interfaces.flatMap((each) => plugLines(labId, host, each)));
  await ipBatch(wiresNamespace(labId), plug, signal);
  await Promise.all(
    hosts.map(async (host) => {
      const namespace = hostNamespace(labId, host.name);
      // Before the addresses: settings for all interfaces are taken over by those that come later.
      await setSysctls(namespace, host.sysctls, { signal });
      await ipBatch(namespace, configureLines(host), signal);
    }),
  );
}

/**
 * Takes a host's links away at the bridges' side, at once: what the host's processes still send when they are ended,
 * as a FIN of each connection, reaches nobody, just as when the power fails.
 */
export async function unplug(labId: string, host: Host): Promise<void> {
  const lines = host.interfaces.map((each) => `link delete dev ${portOf(host, each.segment)}`);
  await ipBatch(wiresNamespace(labId), lines);
}

function plugLines(labId: string, host: Host, each: Interface): string[] {
  const port = portOf(host, each.segment);
  const peer = `name ${each.name} address ${macOf(each)} netns ${hostNamespace(labId, host.name)}`;
  return [`link add name ${port} type veth peer ${peer}`, `link set dev ${port} master ${each.segment} up`];
}

function configureLines(host: Host): string[] {
  return [
    "link set dev lo up",
    ...host.interfaces.flatMap((each) => [
      `address add ${each.address} dev ${each.name}`,
      `link set dev ${each.name} up`,
    ]),
    ...host.routes.map((route) => `route add ${route.to} via ${route.via}`),
  ];
}

/**
 * A locally administered address made from the IPv4 address. It stays the same over a reboot, as a real card's does:
 * otherwise the neighbours would go on sending to the old one until their entries expire.
 */
function macOf(each: Interface): string {
  const octets = (each.address.split("/")[0] ?? "").split(".").map(Number);
  return [0x02, 0xfd, ...octets].map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}
