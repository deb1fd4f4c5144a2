import type { SwitchConfig } from "./frr-switch.ts";
import { patience } from "./patience.ts";
import { addressOn, hostsOf, type Host, type Topology } from "./topology.ts";

const forwarding = {
  "net.ipv4.ip_forward": "1",
  "net.ipv6.conf.all.forwarding": "1",
  // A Service's traffic may come in by another way than its answers go: no reverse path filter.
  "net.ipv4.conf.all.rp_filter": "0",
  "net.ipv4.conf.default.rp_filter": "0",
};

const nodes = [
  { name: "cy01-net112", number: 112, podCidr: "10.233.93.0/24" },
  { name: "cy01-net113", number: 113, podCidr: "10.233.119.0/24" },
  { name: "cy01-net114", number: 114, podCidr: "10.233.64.0/24" },
] as const;

/**
 * The scenario `bgp`: a client behind a layer 3 switch, and three nodes on the switch's other side.
 *
 * Clients reach the switch by the segment `office`, the switch reaches the nodes by `data`. The API server is on
 * `management`, which the switch is not part of, so that a node cut from `data` is still heard by its API server.
 */
export const bgpTopology: Topology = {
  name: "bgp",
  segments: ["office", "data", "management"],
  hosts: [
    {
      name: "switch",
      role: "switch",
      interfaces: [
        { name: "office", segment: "office", address: "172.16.100.210/24" },
        { name: "data", segment: "data", address: "10.10.2.210/24" },
      ],
      routes: [],
      sysctls: {
        ...forwarding,
        // By default Linux chooses among equal routes by addresses alone, and one client would meet one node only.
        "net.ipv4.fib_multipath_hash_policy": "1",
        "net.ipv6.fib_multipath_hash_policy": "1",
      },
    },
    {
      name: "client",
      role: "client",
      interfaces: [{ name: "eth0", segment: "office", address: "172.16.100.231/24" }],
      routes: [{ to: "default", via: "172.16.100.210" }],
      // A hundred connections a second must not meet a port again that is still in TIME_WAIT (60 s).
      sysctls: { "net.ipv4.ip_local_port_range": "1024 65535" },
    },
    {
      name: "api",
      role: "api",
      interfaces: [{ name: "mgmt", segment: "management", address: "192.168.77.1/24" }],
      // Where webhooks are, and what is asked of pods through the API server.
      routes: nodes.flatMap(({ number, podCidr }) =>
        [podCidr, `10.10.2.${number}/32`].map((to) => ({ to, via: `192.168.77.${number}` })),
      ),
      sysctls: {},
    },
    ...nodes.map((node): Host => ({
      name: node.name,
      role: "node",
      interfaces: [
        { name: "eth0", segment: "data", address: `10.10.2.${node.number}/24` },
        { name: "mgmt", segment: "management", address: `192.168.77.${node.number}/24` },
      ],
      routes: [
        { to: "default", via: "10.10.2.210" },
        ...nodes
          .filter((other) => other !== node)
          .map((other) => ({ to: other.podCidr, via: `10.10.2.${other.number}` })),
      ],
      sysctls: forwarding,
      podCidr: node.podCidr,
    })),
  ],
};

/** The scenario's switch, but for the hold time: it asks for the shortest there is (RFC 4271 §4.2), to lose less time. */
export const bgpSwitch: SwitchConfig = {
  as: 65210,
  routerId: "1.1.1.1",
  maximumPaths: 3,
  keepaliveS: 1,
  holdTimeS: 3 * Math.min(patience, 10),
  neighbours: hostsOf(bgpTopology, "node").map((node) => ({ address: addressOn(node, "data"), remoteAs: 65211 })),
};
