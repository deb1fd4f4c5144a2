import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BgpCluster, fairlead, manifest, until } from "../../src/lab/index.ts";
import type { KubernetesObject, Lease } from "../../src/kubernetes/resources/index.ts";
import type { ControlPlane } from "../../src/lab/control-plane/control-plane.ts";
import type { HostProcess } from "../../src/lab/host-process.ts";
import { RouteMonitor } from "../../src/lab/route-monitor.ts";

/** All is as it should be again so soon after a fault is over. */
export const wholeAgainMs = 10_000;

interface ServiceView {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: { readonly type: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] } };
}

interface PodView {
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string };
}

interface BlockView {
  readonly spec: {
    readonly first: string;
    readonly owned?: readonly string[];
  };
}

function isReserved([, , , why]: readonly string[]): boolean {
  return why === "reserved";
}

/** A cluster on Kubernetes' own control plane, with Services that have addresses and routes, to which faults happen. */
export class StandingCluster {
  readonly cluster: BgpCluster;
  readonly plane: ControlPlane;
  readonly #monitor: RouteMonitor;
  /** Besides the cluster's own. */
  readonly #controllers = new Set<HostProcess>();

  private constructor(cluster: BgpCluster, plane: ControlPlane, monitor: RouteMonitor) {
    this.cluster = cluster;
    this.plane = plane;
    this.#monitor = monitor;
  }

  static async up(): Promise<StandingCluster> {
    const cluster = await BgpCluster.up({ api: "kubernetes" });
    try {
      const { controlPlane } = cluster.api;
      assert.ok(controlPlane !== undefined);
      const monitor = await RouteMonitor.start(cluster.lab, "switch");
      const standing = new StandingCluster(cluster, controlPlane, monitor);
      await cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")]);
      await standing.whole(60_000);
      return standing;
    } catch (error) {
      await cluster.lab.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.cluster.lab.down();
  }

  /**
   * Services of the workload's pods, in one request. Their endpoints come with them: how soon Kubernetes' controllers
   * find their own feet after a fault is not what is asked here.
   */
  async createServices(names: readonly string[]): Promise<void> {
    const { items: pods } = await this.cluster.json<{ items: PodView[] }>(["get", "pods", "-l", "app=con-test"]);
    const endpoints = pods.map(({ spec, status }) => ({
      addresses: [status.podIP],
      nodeName: spec.nodeName,
      conditions: { ready: true, serving: true, terminating: false },
    }));
    const ports = [{ name: "http", port: 80, protocol: "TCP" }];
    const items = names.flatMap((name) => [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "default" },
        spec: { type: "LoadBalancer", ports },
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name, namespace: "default", labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        endpoints,
        ports,
      },
    ]);
    const file = join(this.cluster.lab.folder, "services.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await this.cluster.kubectl(["create", "-f", file]);
  }

  async deleteServices(names: readonly string[]): Promise<void> {
    await this.cluster.kubectl(["delete", "service,endpointslice", ...names, "--wait=false"]);
  }

  /** A second peer, which nobody is, and whose session has a password in a Secret. */
  async protectPeer(): Promise<void> {
    const namespace = "metallb-system";
    const secret = ["--type=kubernetes.io/basic-auth", "--from-literal=password=fair"];
    await this.cluster.kubectl(["create", "secret", "generic", "switch", "-n", namespace, ...secret]);
    await this.cluster.applyObject({
      apiVersion: "metallb.io/v1beta2",
      kind: "BGPPeer",
      metadata: { name: "nobody", namespace },
      spec: { myASN: 65211, peerASN: 65210, peerAddress: "10.10.2.211", passwordSecret: { name: "switch" } },
    } as KubernetesObject);
  }

  /** A Service asks for addresses of pools that there are not, and for the first again. */
  async askTwice(): Promise<void> {
    await this.createServices(["asks"]);
    for (const pool of ["gold", "silver", "gold"]) {
      await this.cluster.kubectl(["annotate", "service", "asks", `metallb.io/address-pool=${pool}`, "--overwrite"]);
      const of = "involvedObject.name=asks,reason=AllocationFailed";
      const told = async () => {
        const events = await this.cluster.kubectl(["get", "events", "--field-selector", of, "-o", "yaml"]);
        return events.includes(pool);
      };
      await until(`it is told that there is no pool ${pool}`, told, { everyMs: 200 });
    }
  }

  /** A controller that waits to lead, as there is always one where the chart is installed. Resolves when it does. */
  async startStandby(): Promise<void> {
    const { api, lab } = this.cluster;
    const kubeconfig = await api.fairleadKubeconfig("controller", "metallb-system");
    const argv = fairlead("controller", "--kubeconfig", kubeconfig, "--port", "0");
    const { size } = this.#controllers;
    const standby = await lab.run("api", { name: `fairlead-controller-${size}`, argv });
    this.#controllers.add(standby);
    const waits = async () => (await readFile(standby.logFile, "utf8")).includes("who leads is known");
    await until("another controller knows who leads", waits, { everyMs: 100 });
  }

  /** The controller that leads, once it is one of those that were started to stand by. */
  async leader(): Promise<HostProcess> {
    let leader: HostProcess | undefined;
    const get = ["get", "lease", "fairlead-controller", "-n", "metallb-system"];
    const leads = async () => {
      const { spec } = await this.cluster.json<Lease>(get);
      const alive = [...this.#controllers].filter(({ running }) => running);
      leader = alive.find(({ id }) => spec?.holderIdentity?.endsWith(`-${id.pid}`) === true);
      return leader !== undefined;
    };
    await until("one of those that stand by leads", leads);
    assert.ok(leader !== undefined);
    return leader;
  }

  /** A controller beside the one that leads, which does as if it led. */
  async startUnelected(): Promise<HostProcess> {
    const { api, lab } = this.cluster;
    const kubeconfig = await api.fairleadKubeconfig("controller", "metallb-system");
    const program = join(import.meta.dirname, "unelected-controller.ts");
    return lab.run("api", { name: "unelected-controller", argv: [process.execPath, program, kubeconfig] });
  }

  /** An agent is started again, with a clock that is off by so much. */
  async restartAgent(node: string, offMs: number): Promise<void> {
    await this.cluster.stopAgent(node);
    const preload = `--import=${join(import.meta.dirname, "shifted-clock.ts")}`;
    const env = { NODE_OPTIONS: preload, FAIRLEAD_TEST_CLOCK_MS: String(offMs) };
    await this.cluster.startAgent(node, offMs === 0 ? {} : env);
  }

  /** All that is connected to the API server from a node hears nothing any more; what connects anew does. Returns what ends it. */
  async stallConnections(node: string): Promise<() => Promise<void>> {
    const { lab } = this.cluster;
    const connections = await lab.exec(node, ["ss", "-tnH", "state", "established", "dport", "=", ":6443"]);
    const ports = [...connections.matchAll(/:(\d+)\s+\S+:6443/g)].map(([, port]) => port);
    assert.ok(ports.length > 0, connections);
    const set = `{ ${ports.join(", ")} }`;
    const rules = [
      "table ip stall {",
      `chain out { type filter hook output priority 0; tcp dport 6443 tcp sport ${set} drop; }`,
      `chain in { type filter hook input priority 0; tcp sport 6443 tcp dport ${set} drop; }`,
      "}",
    ];
    const file = join(lab.folder, "stall.nft");
    await writeFile(file, rules.join("\n"));
    await lab.exec(node, ["nft", "-f", file]);
    return async () => void (await lab.exec(node, ["nft", "delete", "table", "ip", "stall"]));
  }

  /** Each Service's address, as its status says it. */
  async addresses(): Promise<Map<string, string>> {
    const services = (await this.#services()).flatMap(({ metadata, status }) => {
      const ip = status?.loadBalancer?.ingress?.[0]?.ip;
      return ip === undefined ? [] : [[metadata.name, ip] as const];
    });
    return new Map(services);
  }

  /**
   * Resolves with the milliseconds that it took until each Service had an address of its own, the blocks said the same,
   * and the switch had three ways to each address and to nothing else.
   */
  async whole(limitMs = wholeAgainMs): Promise<number> {
    const beganMs = performance.now();
    let missing = "nothing was asked";
    const ask = async () => {
      missing = await this.#missing();
      return missing === "";
    };
    try {
      await until("all is as it should be", ask, { timeoutMs: limitMs, everyMs: 200 });
    } catch (error) {
      throw new Error(`not whole within ${limitMs} ms: ${missing}`, { cause: error });
    }
    return performance.now() - beganMs;
  }

  /** Does something meanwhile, and asserts that the Services of before kept their addresses, and these all their routes. */
  async keeping<Value>(doing: () => Promise<Value>): Promise<Value> {
    const before = await this.addresses();
    const seen = (await this.#monitor.events()).length;
    const value = await doing();
    const after = await this.addresses();
    for (const [name, address] of before) {
      if (after.has(name)) assert.equal(after.get(name), address, `${name} has another address`);
    }
    const kept = new Set([...before].filter(([name]) => after.has(name)).map(([, address]) => `${address}/32`));
    const lost = (await this.#monitor.events())
      .slice(seen)
      .filter(({ prefix, change, nextHops }) => kept.has(prefix) && (change === "deleted" || nextHops.length < 3));
    assert.deepEqual(lost, [], "routes were lost meanwhile");
    return value;
  }

  async #services(): Promise<readonly ServiceView[]> {
    const { items } = await this.cluster.json<{ items: ServiceView[] }>(["get", "services", "-A"]);
    return items.filter(({ spec }) => spec.type === "LoadBalancer");
  }

  /** What is not as it should be; empty when all is. */
  async #missing(): Promise<string> {
    const services = await this.#services();
    const addressOf = await this.addresses();
    const waiting = services.filter(({ metadata }) => !addressOf.has(metadata.name));
    if (waiting.length > 0) return `${waiting.length} Services have no address, as ${waiting[0]?.metadata.name}`;
    const addresses = [...addressOf.values()];
    assert.equal(new Set(addresses).size, addresses.length, "an address was handed out twice");
    const { items: blocks } = await this.cluster.json<{ items: BlockView[] }>(["get", "addressblocks"]);
    const lines = blocks.flatMap(({ spec }) => spec.owned ?? []).map((line) => line.split(" "));
    // What a controller has reserved it may have given away before it died: whose it is is written some minutes later.
    const [ofNobodyYet, owned] = [lines.filter(isReserved), lines.filter((line) => !isReserved(line))];
    const reserved = new Set(ofNobodyYet.map(([address]) => address));
    const owners = owned.map(([address, , uid]) => `${address} ${uid}`).sort();
    const shown = services
      .filter(({ metadata }) => !reserved.has(addressOf.get(metadata.name)))
      .map(({ metadata }) => `${addressOf.get(metadata.name)} ${metadata.uid}`)
      .sort();
    if (owners.join() !== shown.join()) {
      const odd = [...new Set(owners).symmetricDifference(new Set(shown))];
      return `the blocks say otherwise than the Services: ${odd.join(", ")}`;
    }
    const { routes = {} } = (await this.cluster.switch.show("bgp ipv4 unicast")) as {
      routes?: Record<string, readonly unknown[]>;
    };
    const ways = Object.entries(routes).map(([prefix, paths]) => `${prefix} by ${paths.length}`);
    const meant = addresses.map((address) => `${address}/32 by ${this.cluster.nodes.length}`);
    const wrong = [...new Set(ways).symmetricDifference(new Set(meant))];
    return wrong.length === 0 ? "" : `${wrong.length} routes are wrong, as ${wrong[0]}`;
  }
}
