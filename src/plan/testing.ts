import type { ConfigMap, EndpointSlice, IPAddressPool, Node, Service } from "../kubernetes/resources/index.ts";
import {
  BGPAdvertisement,
  BGPPeer,
  IPAddressPool as Pool,
  parseObject,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import type { Configuration } from "./configuration/configuration.ts";
import { readConfiguration, type ConfigurationSource } from "./configuration/read.ts";

/** Objects for tests, as short as they can be written. */

export function parsed<Value extends KubernetesObject>(kind: Kind<Value>, value: unknown): Value {
  const result = parseObject(kind, value);
  if (!result.ok) throw new Error(`${kind.kind}: ${JSON.stringify(result.problems)}`);
  return result.object;
}

export function pool(
  name: string,
  addresses: string | string[],
  spec: Partial<IPAddressPool["spec"]> = {},
): IPAddressPool {
  return parsed(Pool, {
    metadata: { name, namespace: "metallb-system" },
    spec: { addresses: [addresses].flat(), ...spec },
  });
}

export function peer(name: string, spec: object = {}): BGPPeer {
  const defaults = { myASN: 65_211, peerASN: 65_210, peerAddress: "10.10.2.210" };
  return parsed(BGPPeer, { metadata: { name, namespace: "metallb-system" }, spec: { ...defaults, ...spec } });
}

export function advertisement(name: string, spec: object = {}): BGPAdvertisement {
  return parsed(BGPAdvertisement, { metadata: { name, namespace: "metallb-system" }, spec });
}

export function source(
  parts: Partial<ConfigurationSource> & { configMap?: ConfigMap | undefined } = {},
): ConfigurationSource {
  return {
    pools: [],
    peers: [],
    advertisements: [],
    bfdProfiles: [],
    communities: [],
    secrets: new Map(),
    configMap: undefined,
    nodes: [],
    ...parts,
  };
}

export function configurationOf(parts: Partial<ConfigurationSource>): Configuration {
  const read = readConfiguration(source(parts));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.configuration;
}

interface ServiceParts {
  readonly uid?: string;
  readonly created?: string;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly spec?: Partial<Service["spec"]>;
  readonly addresses?: readonly string[];
}

export function service(name: string, parts: ServiceParts = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: "default",
      uid: parts.uid ?? `uid-${name}`,
      creationTimestamp: parts.created ?? "2026-01-01T00:00:00Z",
      annotations: parts.annotations,
      labels: parts.labels,
    },
    spec: {
      type: "LoadBalancer",
      sessionAffinity: "None",
      clusterIP: "10.233.0.10",
      ipFamilies: ["IPv4"],
      ports: [{ port: 80, protocol: "TCP" }],
      ...parts.spec,
    },
    status: { loadBalancer: { ingress: (parts.addresses ?? []).map((ip) => ({ ip })) } },
  };
}

export function node(name: string, labels: Record<string, string> = {}, addresses: readonly string[] = []): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    spec: {},
    status: { addresses: addresses.map((address) => ({ type: "InternalIP", address })) },
  };
}

/** One slice of a Service: each endpoint by its node, ready unless said otherwise. */
export function endpoints(
  serviceName: string,
  list: readonly { node: string; ready?: boolean; serving?: boolean; terminating?: boolean }[],
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${serviceName}-1`, namespace: "default", labels: { "kubernetes.io/service-name": serviceName } },
    addressType: "IPv4",
    endpoints: list.map(({ node: nodeName, ...conditions }, index) => ({
      addresses: [`10.233.64.${index + 1}`],
      conditions,
      nodeName,
    })),
    ports: [{ name: "http", port: 80, protocol: "TCP" }],
  };
}
