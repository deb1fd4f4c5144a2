import { EndpointSlice, Service } from "../kubernetes/resources/index.ts";
import type { SimulatedApi } from "./simulated-api.ts";

const namespace = "default";
const creationTimestamp = "2026-01-01T00:00:00Z";

/** A Service with one endpoint on the node, as an API server would write them. */
export class SimulatedService {
  /** What `assign` gives it: each another, as long as they are fewer than the pool has. */
  readonly address: string;
  readonly #api: SimulatedApi;
  readonly #node: string;
  readonly #name: string;

  constructor(api: SimulatedApi, node: string, index: number) {
    this.#api = api;
    this.#node = node;
    this.#name = `service-${index}`;
    this.address = `198.51.100.${index % 256}`;
  }

  create(): void {
    const metadata = { namespace, name: this.#name, uid: this.#name, creationTimestamp };
    this.#api.put(EndpointSlice, {
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": this.#name } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["203.0.113.2"], nodeName: this.#node, conditions: { ready: true, serving: true } }],
      ports: [{ name: "", port: 80, protocol: "TCP" }],
    });
    this.#api.put(Service, {
      metadata,
      spec: {
        type: "LoadBalancer",
        ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
        clusterIP: "203.0.113.1",
        clusterIPs: ["203.0.113.1"],
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
        sessionAffinity: "None",
        externalTrafficPolicy: "Cluster",
        internalTrafficPolicy: "Cluster",
        allocateLoadBalancerNodePorts: false,
      },
      status: { loadBalancer: {} },
    });
  }

  /** As a controller would. */
  assign(): void {
    const status = { loadBalancer: { ingress: [{ ip: this.address, ipMode: "VIP" }] } };
    this.#api.put(Service, { metadata: { namespace, name: this.#name }, status });
  }

  /** Whether a controller has given it an address. */
  get isAssigned(): boolean {
    const status = this.#api.find(Service, this.#name)?.["status"] as Service["status"];
    return (status?.loadBalancer?.ingress ?? []).length > 0;
  }

  delete(): void {
    this.#api.delete(Service, this.#name);
    this.#api.delete(EndpointSlice, this.#name);
  }
}
