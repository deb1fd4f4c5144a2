import { Client, systemPorts } from "../kubernetes/client/index.ts";
import { BGPAdvertisement, BGPPeer, IPAddressPool, Node } from "../kubernetes/resources/index.ts";
import { SimulatedApi } from "./simulated-api.ts";
import { SimulatedService } from "./simulated-service.ts";

const namespace = "warm-up";
const pool = "198.51.100.0/24";

/** So many have V8 compile what one needs. */
const count = 100;

/** A client takes rests of its own where much comes: none of them is to be waited for. */
const hurriedClock = { ...systemPorts.clock, now: () => performance.now() * 1_000 };

/**
 * A cluster of one node, with a pool that is announced to one router, and a Service at a time. Its addresses are those of
 * documentation (RFC 5737).
 */
export class SimulatedCluster implements AsyncDisposable {
  /** Where the configuration is. */
  readonly namespace = namespace;
  readonly node = { name: "node", address: "192.0.2.1", asn: 64_512 };
  readonly router = { address: "192.0.2.2", asn: 64_513 };
  readonly client: Client;
  readonly #api: SimulatedApi;

  private constructor(api: SimulatedApi) {
    this.#api = api;
    this.client = new Client(api.access, { ports: { ...systemPorts, clock: hurriedClock } });
    const metadata = { namespace, name: "warm-up", uid: "warm-up" };
    api.put(IPAddressPool, { metadata, spec: { addresses: [pool] } });
    api.put(BGPAdvertisement, { metadata, spec: {} });
    api.put(BGPPeer, {
      metadata,
      spec: { myASN: this.node.asn, peerASN: this.router.asn, peerAddress: this.router.address },
    });
  }

  static async start(): Promise<SimulatedCluster> {
    return new SimulatedCluster(await SimulatedApi.start());
  }

  /** The Node itself, which an agent needs: a controller would wait for its agent's report. */
  addNode(): void {
    const addresses = [{ type: "InternalIP", address: this.node.address }];
    this.#api.put(Node, { metadata: { name: this.node.name, uid: "node" }, status: { addresses } });
  }

  /** Services, one after the other. */
  *services(): Generator<SimulatedService> {
    for (let index = 0; index < count; index++) yield new SimulatedService(this.#api, this.node.name, index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#api[Symbol.asyncDispose]();
  }
}
