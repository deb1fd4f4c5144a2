import {
  BGPAdvertisement,
  BGPPeer,
  IPAddressPool,
  parseObject,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import type { ConfigurationSource } from "../plan/index.ts";

/** Objects for tests, as short as they can be written. */

export function parsed<Value extends KubernetesObject>(kind: Kind<Value>, value: object): Value {
  const result = parseObject(kind, value);
  if (!result.ok) throw new Error(`${kind.kind}: ${JSON.stringify(result.problems)}`);
  return result.object;
}

export const inNamespace = (name: string) => ({ name, namespace: "metallb-system" });

export function pool(name: string, ...addresses: readonly string[]): IPAddressPool {
  return parsed(IPAddressPool, { metadata: inNamespace(name), spec: { addresses } });
}

export function peer(name: string, spec: object = {}): BGPPeer {
  const defaults = { myASN: 65_211, peerASN: 65_210, peerAddress: "10.10.2.210" };
  return parsed(BGPPeer, { metadata: inNamespace(name), spec: { ...defaults, ...spec } });
}

export function advertisement(name: string, spec: object): BGPAdvertisement {
  return parsed(BGPAdvertisement, { metadata: inNamespace(name), spec });
}

/** What is written, beside nothing. */
export function written(parts: Partial<ConfigurationSource> = {}): ConfigurationSource {
  const nothing = { pools: [], peers: [], advertisements: [], bfdProfiles: [], communities: [], nodes: [] };
  return { ...nothing, secrets: new Map(), configMap: undefined, ...parts };
}
