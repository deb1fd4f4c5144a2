import type { Logger } from "pino";
import { Registry } from "prom-client";
import { parseAddress, type Ipv4Address } from "../net/index.ts";
import { SimulatedNetwork, Speaker } from "../protocols/bgp/index.ts";
import { systemClock as clock } from "../protocols/clock/index.ts";
import { drive, SimulatedCluster, type Until } from "../warm-up/index.ts";
import { nodeMetrics } from "./metrics.ts";
import { runNode, type NodeModules } from "./node.ts";

/** Announces Services of a simulated cluster to a simulated router, so that the real ones that come first find compiled code. */
export async function warmUpNode(log: Logger, signal: AbortSignal): Promise<void> {
  await using cluster = await SimulatedCluster.start();
  cluster.addNode();
  const network = new SimulatedNetwork(clock, { latencyMs: 0 });
  const own = parseAddress(cluster.node.address) as Ipv4Address;
  const address = parseAddress(cluster.router.address) as Ipv4Address;
  const router = new Speaker(
    { clock, transport: network.host(address) },
    { asn: cluster.router.asn, routerId: address, listen: [{ address, port: 179 }] },
  );
  await router.listen();
  const node = { name: "node", remoteAddress: own, remoteAsn: cluster.node.asn } as const;
  const peer = router.addPeer({ ...node, passive: true, inbound: "keep" });
  const modules: NodeModules = {
    client: cluster.client,
    clock,
    transport: network.host(own),
    metrics: nodeMetrics(new Registry()),
    log: log.child({}, { level: "silent" }),
    succession: alone,
    ready: () => {},
  };
  const { namespace } = cluster;
  const ways = { bgpPort: 0, gracefulShutdownMs: 0, drainMs: 0, trialMs: 1_000 };
  const hasRoutes = () => [...peer.receivedRoutes()].length > 0;
  const announce = async (until: Until) => {
    await until(() => peer.status.state === "established");
    for (const service of cluster.services()) {
      service.create();
      service.assign();
      await until(() => hasRoutes());
      service.delete();
      await until(() => !hasRoutes());
    }
  };
  try {
    const options = { nodeName: cluster.node.name, namespace, ...ways };
    await drive((stop) => runNode(modules, options, stop), announce, signal);
  } finally {
    await router.stop({ silently: true });
  }
}

const alone: NodeModules["succession"] = {
  isWaiting: false,
  hasSuccessor: false,
  asked: new AbortController().signal,
  freed: Promise.resolve(),
  take: () => Promise.resolve("free"),
};
