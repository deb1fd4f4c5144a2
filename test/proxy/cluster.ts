import assert from "node:assert/strict";
import { join } from "node:path";
import { Namespaces } from "./namespaces.ts";
import { NamespaceProcess } from "./process.ts";
import type { AgentQuestion } from "./agent.ts";
import type { HostQuestion } from "./host.ts";

type Without<Question, Key extends string> = Question extends unknown ? Omit<Question, Key> : never;

/** The port on which pods serve. */
const serverPort = 8080;

/** All the pods, ready. */
export const all = { a: {}, b: {}, c: {} };

/** Addresses and kinds of a load balancer. */
export const balanced = "172.19.100.1";
export const balanced6 = "fd19::1";
export const balancer = { type: "LoadBalancer", externalTrafficPolicy: "Cluster" };
export const local = { type: "LoadBalancer", externalTrafficPolicy: "Local" };

/** Who answered. */
export function backends(answers: readonly string[]): string[] {
  return wordsOf(answers, 0);
}

/** From whom they saw the connections come. */
export function clients(answers: readonly string[]): string[] {
  return wordsOf(answers, 1);
}

function wordsOf(answers: readonly string[], index: number): string[] {
  return [...new Set(answers.map((each) => each.split(" ")[index] ?? ""))].toSorted((a, b) => (a < b ? -1 : 1));
}

/**
 * Two nodes on a network, pods `a` and `b` on the first and `c` on the second, each behind its node's bridge as the CNI
 * plugin makes it, a client outside that sends services' addresses to the first node, and the proxy on that one.
 *
 *     client 10.10.2.9 ──┬── one 10.10.2.1 ── a 10.233.64.2, b 10.233.64.3
 *                        └── two 10.10.2.2 ── c 10.233.65.2
 */
export class Cluster {
  readonly net = new Namespaces();
  readonly #hosts = new Map<string, NamespaceProcess>();
  readonly #agent: NamespaceProcess;

  private constructor() {
    this.#build();
    for (const host of ["client", "one", "a", "b", "c"]) {
      this.#hosts.set(host, new NamespaceProcess(this.net.name(host), join(import.meta.dirname, "host.ts")));
    }
    this.#agent = new NamespaceProcess(this.net.name("one"), join(import.meta.dirname, "agent.ts"));
  }

  static async up(): Promise<Cluster> {
    const cluster = new Cluster();
    try {
      for (const pod of ["a", "b", "c"]) await cluster.host(pod, { do: "serve", name: pod, port: serverPort });
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster.down();
      throw error;
    }
  }

  /** Starts the proxy, anew if it runs. */
  async start(verifyEveryMs = 3_600_000): Promise<void> {
    const podNetworks = ["10.233.64.0/18", "fd64::/16"];
    await this.agent({
      do: "start",
      nodeName: "one",
      podNetworks,
      nodes: [node("one", 1), node("two", 2)],
      verifyEveryMs,
    });
  }

  async down(): Promise<void> {
    await Promise.all([...this.#hosts.values(), this.#agent].map((each) => each.stop()));
    this.net.remove();
  }

  host<Answer = string>(name: string, question: HostQuestion): Promise<Answer> {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host.ask(question);
  }

  agent(question: AgentQuestion): Promise<string[]> {
    return this.#agent.ask(question);
  }

  /**
   * Makes the service `s10` (or another number) be like this, its endpoints these pods. Fails if the proxy warns of
   * something thereby.
   */
  async set(
    endpoints: Partial<Record<PodName, object>>,
    spec: object = {},
    ingress: readonly string[] = [],
    id = 10,
  ): Promise<void> {
    const service = serviceOf(id, spec, ingress);
    const warnings = await this.agent({ do: "set", key: `default/s${id}`, service, slices: slicesOf(endpoints) });
    assert.deepEqual(warnings, []);
  }

  /** What new connections were answered, in order. */
  call(from: string, address: string, port: number, times = 1): Promise<string[]> {
    return this.host(from, { do: "call", address, port, times });
  }

  say(from: string, question: Without<HostQuestion & { do: "say" }, "do">): Promise<string> {
    return this.host(from, { do: "say", ...question });
  }

  send(from: string, question: Without<HostQuestion & { do: "send" }, "do">): Promise<string> {
    return this.host(from, { do: "send", ...question });
  }

  #build(): void {
    const { net } = this;
    try {
      for (const short of ["lan", "client", "one", "two", "a", "b", "c"]) net.add(short);
      net.bridge("lan", "br0");
      const lan = { namespace: "lan", bridge: "br0" };
      for (const [host, last] of [
        ["one", 1],
        ["two", 2],
        ["client", 9],
      ] as const) {
        net.plug(host, "eth0", lan);
        net.ip(host, "addr", "add", `10.10.2.${last}/24`, "dev", "eth0");
        net.ip(host, "addr", "add", `fd10::${last}/64`, "dev", "eth0");
      }
      this.#node("one", 64, ["a", "b"], 2);
      this.#node("two", 65, ["c"], 1);
      // Everything that the client sends elsewhere comes to the first node, as from a router.
      net.ip("client", "route", "add", "default", "via", "10.10.2.1");
      net.ip("client", "route", "add", "default", "via", "fd10::1");
    } catch (error) {
      net.remove();
      throw error;
    }
  }

  #node(name: string, subnet: number, pods: readonly string[], peer: number): void {
    const { net } = this;
    net.sysctl(name, "net.ipv4.ip_forward", "1");
    net.sysctl(name, "net.ipv6.conf.all.forwarding", "1");
    net.bridge(name, "cni0");
    net.ip(name, "addr", "add", `10.233.${subnet}.1/24`, "dev", "cni0");
    net.ip(name, "addr", "add", `fd64:${subnet}::1/64`, "dev", "cni0");
    for (const [index, pod] of pods.entries()) {
      net.plug(pod, "eth0", { namespace: name, bridge: "cni0" }, true);
      net.ip(pod, "addr", "add", `10.233.${subnet}.${index + 2}/24`, "dev", "eth0");
      net.ip(pod, "addr", "add", `fd64:${subnet}::${index + 2}/64`, "dev", "eth0");
      net.ip(pod, "route", "add", "default", "via", `10.233.${subnet}.1`);
      net.ip(pod, "route", "add", "default", "via", `fd64:${subnet}::1`);
    }
    const peerSubnet = subnet === 64 ? 65 : 64;
    net.ip(name, "route", "add", `10.233.${peerSubnet}.0/24`, "via", `10.10.2.${peer}`);
    net.ip(name, "route", "add", `fd64:${peerSubnet}::/64`, "via", `fd10::${peer}`);
    // A node has a default route; what it sends to services' addresses would leave there.
    net.ip(name, "route", "add", "default", "via", "10.10.2.9");
    net.ip(name, "route", "add", "default", "via", "fd10::9");
  }
}

export function node(name: string, last: number, ready = "True"): object {
  return {
    metadata: { name },
    status: {
      addresses: [
        { type: "InternalIP", address: `10.10.2.${last}` },
        { type: "InternalIP", address: `fd10::${last}` },
        { type: "Hostname", address: name },
      ],
      conditions: [{ type: "Ready", status: ready }],
    },
  };
}

type Conditions = { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };

const pods = { a: ["64", 2, "one"], b: ["64", 3, "one"], c: ["65", 2, "two"] } as const;
type PodName = keyof typeof pods;

/** The slices of a service whose endpoints are these pods; `b: {}` is ready. */
export function slicesOf(endpoints: Partial<Record<PodName, Conditions>>): object[] {
  return (["IPv4", "IPv6"] as const).map((addressType) => ({
    metadata: { name: `slice-${addressType}` },
    addressType,
    ports: ["TCP", "UDP"].map((protocol) => ({ name: protocol.toLowerCase(), port: serverPort, protocol })),
    endpoints: (Object.keys(endpoints) as PodName[]).map((pod) => {
      const [subnet, last, nodeName] = pods[pod];
      const address = addressType === "IPv4" ? `10.233.${subnet}.${last}` : `fd64:${subnet}::${last}`;
      return { addresses: [address], nodeName, conditions: endpoints[pod] };
    }),
  }));
}

/** A service on port 80 for TCP and UDP, of both families, with cluster addresses 10.233.0.ID and fd00::ID. */
export function serviceOf(id: number, spec: object = {}, ingress: readonly string[] = []): object {
  return {
    metadata: { name: `s${id}`, namespace: "default" },
    spec: {
      clusterIP: `10.233.0.${id}`,
      clusterIPs: [`10.233.0.${id}`, `fd00::${id}`],
      ports: [
        { name: "tcp", port: 80, protocol: "TCP", nodePort: 30_000 + id },
        { name: "udp", port: 80, protocol: "UDP", nodePort: 30_000 + id },
      ],
      ...spec,
    },
    status: { loadBalancer: { ingress: ingress.map((each) => ({ ip: each })) } },
  };
}
