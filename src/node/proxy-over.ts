import type { Logger } from "pino";
import type { Prefix } from "../net/index.ts";
import type { Informer } from "../kubernetes/client/index.ts";
import type { EndpointSlice, Node, Service } from "../kubernetes/resources/index.ts";
import { Conntrack } from "../linux/conntrack/index.ts";
import { Nftables } from "../linux/nftables/index.ts";
import { ServiceProxy } from "./proxy/index.ts";

interface Modules {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice, "service">;
  readonly nodes: Informer<Node>;
  readonly log: Logger;
}

/** kube-proxy's work, fed from the agent's caches, which are to tell it of changes from before its start on. */
export function proxyOver(
  { services, slices, nodes, log }: Modules,
  nodeName: string,
  podNetworks: readonly Prefix[],
): ServiceProxy {
  return new ServiceProxy(
    {
      nftables: new Nftables(),
      conntrack: new Conntrack(),
      log,
      source: {
        serviceKeys: () => services.cache.keys(),
        service: (key) => services.cache.get(key),
        endpointSlices: (key) => slices.cache.by("service", key),
        nodes: () => nodes.cache.values(),
      },
    },
    { nodeName, podNetworks },
  );
}
