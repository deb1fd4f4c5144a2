// One node, one switch, and the API server between them, for real: FRR in a namespace of its own; `fairlead controller`
// and `fairlead node` as processes; all of it gone with the test.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApiServer, type ApiServer } from "../../src/kubernetes/apiserver/index.ts";
import { Client, loadKubeconfig } from "../../src/kubernetes/client/index.ts";
import {
  BGPAdvertisement,
  BGPPeer,
  EndpointSlice,
  Event,
  IPAddressPool,
  Namespace,
  Node,
  NodeReport,
  Rollout,
  Service,
} from "../../src/kubernetes/resources/index.ts";
import { Frr, until } from "../interop/frr.ts";
import { enterOwnNamespace, Neighbour } from "../interop/namespaces.ts";
import { Fairlead, type End } from "./agent.ts";

export const node = "cy01-net112";
export const nodeAddress = "10.10.2.112";
export const switchAddress = "10.10.2.210";
export const gateway = "10.10.2.1";
export const metricsPort = { controller: 7472, node: 7473 } as const;
export const namespace = "metallb-system";
const apiPort = 6443;

/** Everything of a test file happens in a network of its own: ports are free, and nobody is disturbed. */
enterOwnNamespace();

export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly neighbour: Neighbour;
  readonly frr: Frr;
  readonly client: Client;
  /** The processes that `running` started. */
  controllerProcess!: Fairlead;
  agent!: Fairlead;
  #api: ApiServer;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Stage, "folder" | "kubeconfig" | "neighbour" | "frr" | "client"> & { api: ApiServer },
    stack: AsyncDisposableStack,
  ) {
    this.folder = parts.folder;
    this.kubeconfig = parts.kubeconfig;
    this.neighbour = parts.neighbour;
    this.frr = parts.frr;
    this.client = parts.client;
    this.#api = parts.api;
    this.#stack = stack;
    stack.defer(() => this.#api.close());
  }

  /** API server, switch (with BFD for its neighbour if that is wanted) and network; no process of Fairlead yet, and nothing configured. */
  static async start({ bfd = false } = {}): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "fairlead-integration-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const neighbour = stack.use(new Neighbour("switch", [`${nodeAddress}/24`], [`${switchAddress}/24`]));
    execFileSync("ip", ["route", "add", "default", "via", gateway]);
    const api = await startApi(folder);
    const kubeconfig = join(folder, "kubeconfig");
    await writeFile(kubeconfig, api.kubeconfig());
    const client = new Client(await loadKubeconfig({ path: kubeconfig, env: {} }));
    const stage = new Stage(
      { folder, kubeconfig, neighbour, frr: await startSwitch(neighbour, bfd, stack), client, api },
      stack.move(),
    );
    stage.#stack.defer(() => client.close());
    return stage;
  }

  /** As `start`, with the scenario's configuration, one Service, and both processes; resolves when its route is there. */
  static async running(...nodeArgs: readonly string[]): Promise<Stage> {
    const stage = await Stage.start();
    try {
      await stage.addNode();
      await stage.configure();
      await stage.addService("ng-svc");
      stage.controllerProcess = stage.controller();
      stage.agent = stage.node(...nodeArgs);
      await stage.hasRoute("172.19.100.1");
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** Takes the API server away; what was written stays in its file. */
  async stopApi(): Promise<void> {
    await this.#api.close();
  }

  async startApi(): Promise<void> {
    this.#api = await startApi(this.folder);
  }

  get api(): ApiServer {
    return this.#api;
  }

  controller(...args: readonly string[]): Fairlead {
    return this.fairlead("controller", "--port", String(metricsPort.controller), ...args);
  }

  node(...args: readonly string[]): Fairlead {
    const port = String(metricsPort.node);
    return this.fairlead("node", "--port", port, "--node-name", node, "--drain-ms", "200", ...args);
  }

  /** A process that ends with the test at the latest. */
  fairlead(...args: readonly string[]): Fairlead {
    return this.#stack.use(new Fairlead([...args, "--kubeconfig", this.kubeconfig]));
  }

  /** What `fairlead …` prints. */
  async look(...args: readonly string[]): Promise<string> {
    const end: End = await this.fairlead(...args).end();
    if (end.status !== 0) throw new Error(`fairlead ${args.join(" ")} ended with ${end.status}: ${end.stderr}`);
    return end.stdout;
  }

  /** Something that is to be ended with the test. */
  use<Value extends AsyncDisposable | Disposable>(value: Value): Value {
    return this.#stack.use(value);
  }

  async addNode(): Promise<void> {
    await this.client.create(Node, { metadata: { name: node } });
    await this.setNodeAddress();
  }

  async setNodeAddress(): Promise<void> {
    const status = { addresses: [{ type: "InternalIP", address: nodeAddress }] };
    await this.client.patch(Node, { name: node }, { type: "merge", body: { status } }, { subresource: "status" });
  }

  /** The scenario's resources. */
  async configure(): Promise<void> {
    await this.addNamespace();
    await this.addPool("default", "172.19.100.0/24");
    await this.addPeer("l3-switch");
    await this.client.create(BGPAdvertisement, { metadata: { namespace, name: "default" }, spec: {} });
  }

  /** As `configure`, with graceful restart on both sides, and the Node; `peer` is said of the BGPPeer as well. */
  async configureRestart(peer: object = {}): Promise<void> {
    await this.frr.vtysh("configure terminal", "router bgp 65210", "bgp graceful-restart");
    await this.addNode();
    await this.addNamespace();
    await this.addPool("default", "172.19.100.0/24");
    await this.addPeer("l3-switch", { enableGracefulRestart: true, ...peer });
    await this.client.create(BGPAdvertisement, { metadata: { namespace, name: "default" }, spec: {} });
  }

  async addNamespace(): Promise<void> {
    await this.client.create(Namespace, { metadata: { name: namespace } });
  }

  async addPool(name: string, ...addresses: readonly string[]): Promise<void> {
    const spec = { addresses: [...addresses], avoidBuggyIPs: true };
    await this.client.create(IPAddressPool, { metadata: { namespace, name }, spec });
  }

  async setPool(name: string, ...addresses: readonly string[]): Promise<void> {
    await this.client.patch(IPAddressPool, { namespace, name }, { type: "merge", body: { spec: { addresses } } });
  }

  async addPeer(name: string, spec: object = {}): Promise<void> {
    const usual = { myASN: 65211, peerASN: 65210, peerAddress: switchAddress, connectTime: "1s" };
    await this.client.create(BGPPeer, { metadata: { namespace, name }, spec: { ...usual, ...spec } });
  }

  async setPeer(name: string, spec: object): Promise<void> {
    await this.client.patch(BGPPeer, { namespace, name }, { type: "merge", body: { spec } });
  }

  /** A LoadBalancer Service with one endpoint that is ready. */
  async addService(name: string, spec: object = {}, annotations: Record<string, string> = {}): Promise<void> {
    await this.client.create(Service, {
      metadata: { namespace: "default", name, annotations },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }], ...spec },
    });
    await this.client.create(EndpointSlice, {
      metadata: { namespace: "default", name, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ port: 80 }],
      endpoints: [{ addresses: ["10.233.64.16"], nodeName: node, conditions: { ready: true } }],
    });
  }

  async removeService(name: string): Promise<void> {
    await this.client.delete(Service, { namespace: "default", name });
    await this.client.delete(EndpointSlice, { namespace: "default", name });
  }

  async addressOf(service: string): Promise<string | undefined> {
    const { status } = await this.client.get(Service, { namespace: "default", name: service });
    return status?.loadBalancer?.ingress?.[0]?.ip;
  }

  hasAddress(service: string, address: string | undefined): Promise<void> {
    return until(`${service} has ${address}`, async () => (await this.addressOf(service)) === address);
  }

  /** The addresses in the switch's table. */
  async routes(): Promise<string[]> {
    const shown = (await this.frr.show("bgp ipv4 unicast")) as { routes?: Record<string, unknown> }; // FRR's form
    return Object.keys(shown.routes ?? {})
      .map((prefix) => prefix.replace("/32", ""))
      .sort();
  }

  hasRoute(address: string): Promise<void> {
    return until(`the switch has ${address}`, async () => (await this.routes()).includes(address));
  }

  hasNoRoute(address: string): Promise<void> {
    return until(`the switch has ${address} no more`, async () => !(await this.routes()).includes(address));
  }

  /** Resolves when each of these Services has an address, and the switch a route to it. */
  async servedAll(services: readonly string[]): Promise<void> {
    for (const service of services) {
      await until(`${service} has an address`, async () => (await this.addressOf(service)) !== undefined);
      await this.hasRoute((await this.addressOf(service)) ?? "");
    }
  }

  /** The session as the switch sees it. */
  async switchState(): Promise<string> {
    const shown = (await this.frr.show(`bgp neighbors ${nodeAddress}`)) as Record<string, { bgpState?: string }>;
    return shown[nodeAddress]?.bgpState ?? "";
  }

  /** How often the switch has had a session with the node. */
  async timesEstablished(): Promise<number> {
    const shown = (await this.frr.show(`bgp neighbors ${nodeAddress}`)) as Record<string, Record<string, number>>;
    return shown[nodeAddress]?.["connectionsEstablished"] ?? 0;
  }

  /** What the node's agent reports, as soon as it does: it gathers for a moment what there is to say. */
  async report(): Promise<NonNullable<NodeReport["status"]>> {
    let status: NodeReport["status"];
    await until("the node's agent has reported", async () => {
      status = (await this.client.find(NodeReport, { name: node }))?.status;
      return status !== undefined;
    });
    return status ?? { startTime: "", sessions: [], problems: [] };
  }

  async session(peer: string) {
    const report = await this.client.find(NodeReport, { name: node });
    return report?.status?.sessions.find((each) => each.peer === peer);
  }

  /** Resolves when the session is as asked for. */
  async sessionIs(peer: string, state: RegExp, lastError = /^/) {
    let seen: Awaited<ReturnType<Stage["session"]>>;
    await until(`the session with ${peer} is ${String(state)}, ${String(lastError)}`, async () => {
      seen = await this.session(peer);
      return seen !== undefined && state.test(seen.state) && lastError.test(seen.lastError ?? "");
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; there is ${JSON.stringify(seen)}`);
    });
  }

  /** The messages of the events about an object, the oldest first. */
  async events(object: { kind: string; name: string }, reason: string): Promise<string[]> {
    const { items } = await this.client.list(Event);
    return items
      .filter(({ involvedObject }) => involvedObject.kind === object.kind && involvedObject.name === object.name)
      .filter((event) => event.reason === reason && event.type === "Warning")
      .map((event) => event.message ?? "");
  }

  /** All that anybody was warned of. */
  async warnings(): Promise<string[]> {
    const { items } = await this.client.list(Event);
    return items.filter((event) => event.type === "Warning").map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** Resolves when such an event is there. */
  async hasEvent(object: { kind: string; name: string }, reason: string, message: RegExp): Promise<void> {
    let seen: string[] = [];
    await until(`an event ${reason} about ${object.kind} ${object.name}`, async () => {
      seen = await this.events(object, reason);
      return seen.some((each) => message.test(each));
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${String(message)}; there are ${JSON.stringify(seen)}`);
    });
  }

  /** What of the configuration is kept, tried and refused. */
  async rollout(): Promise<Rollout["spec"] | undefined> {
    return (await this.client.find(Rollout, { namespace, name: "configuration" }))?.spec;
  }

  /** Resolves when no change is being tried any more. */
  async hasTriedAll(): Promise<void> {
    await until("no change is being tried", async () => (await this.rollout())?.candidate === undefined);
  }

  /** Resolves when the object's condition Valid is as asked for. */
  async isValid(
    kind: typeof IPAddressPool | typeof BGPPeer,
    name: string,
    status: "True" | "False",
    message = /^/,
  ): Promise<void> {
    let seen = "";
    await until(`${kind.kind} ${name} has the condition Valid=${status}`, async () => {
      const { conditions = [] } =
        (await this.client.get<IPAddressPool | BGPPeer>(kind, { namespace, name })).status ?? {};
      seen = JSON.stringify(conditions);
      const valid = conditions.find((each) => each.type === "Valid");
      return valid?.status === status && message.test(valid.message ?? "");
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${String(message)}; there is ${seen}`);
    });
  }

  async metric(of: keyof typeof metricsPort, name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort[of]}/metrics`)).text();
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, "m").exec(text)?.[1] ?? Number.NaN);
  }

  hasMetric(of: keyof typeof metricsPort, name: string, value: number): Promise<void> {
    return until(`${name} of the ${of} is ${value}`, async () => (await this.metric(of, name)) === value);
  }
}

function startApi(folder: string): Promise<ApiServer> {
  const serviceNetworks = ["10.96.0.0/12", "fd00:10:96::/112"];
  return startApiServer({ database: join(folder, "api.sqlite"), host: "127.0.0.1", port: apiPort, serviceNetworks });
}

async function startSwitch(neighbour: Neighbour, bfd: boolean, stack: AsyncDisposableStack): Promise<Frr> {
  const lines = [
    "router bgp 65210",
    " bgp router-id 1.1.1.1",
    " no bgp ebgp-requires-policy",
    ` neighbor ${nodeAddress} remote-as 65211`,
    ` neighbor ${nodeAddress} timers connect 1`,
    ...(bfd ? [` neighbor ${nodeAddress} bfd`] : []),
  ];
  return stack.use(await Frr.start(neighbour.name, `${lines.join("\n")}\n`, { bfd }));
}
