// One measurement of bench/proxy.ts: SERVICES CHANGES AFFINITY; prints a ProxyMeasurement.
import { Conntrack } from "../src/linux/conntrack/index.ts";
import { libc } from "../src/linux/libc/index.ts";
import { Nftables } from "../src/linux/nftables/index.ts";
import { parsePrefix } from "../src/net/index.ts";
import { EndpointSlice, keyOf, Node, Service } from "../src/kubernetes/resources/index.ts";
import { ServiceProxy } from "../src/node/proxy/index.ts";
import type { ProxyMeasurement } from "./proxy.ts";

const [count = 1000, changes = 20] = process.argv.slice(2, 4).map(Number);
const sessionAffinity = process.argv[4] === "true" ? "ClientIP" : "None";

const services = new Map<string, Service>();
const slices = new Map<string, EndpointSlice>();
for (let index = 0; index < count; index++) {
  const service = Service.schema.parse({
    metadata: { name: `s${index}`, namespace: "default" },
    spec: {
      type: "LoadBalancer",
      clusterIPs: [`10.96.${index >> 8}.${index & 255}`],
      ports: [{ port: 80 }],
      sessionAffinity,
    },
    status: { loadBalancer: { ingress: [{ ip: `172.19.${index >> 8}.${index & 255}` }] } },
  });
  services.set(keyOf(service), service);
  slices.set(keyOf(service), sliceOf(index, 3));
}

const nftables = new Nftables();
const proxy = new ServiceProxy(
  {
    nftables,
    conntrack: new Conntrack(),
    log: { info: complain, warn: complain },
    source: {
      serviceKeys: () => services.keys(),
      service: (key) => services.get(key),
      endpointSlices: (key) => [slices.get(key) ?? []].flat(),
      nodes: () => [Node.schema.parse({ metadata: { name: "one" } })],
    },
  },
  { nodeName: "one", podNetworks: [parsePrefix("10.128.0.0/9") ?? []].flat() },
);
const startMs = await timed(() => proxy.start());
globalThis.gc?.();
// As an agent does every two seconds.
libc().malloc_trim(0);
const residentBytes = process.memoryUsage.rss();
const changeMs: number[] = [];
for (let change = 0; change < changes; change++) {
  const key = `default/s${change}`;
  slices.set(key, sliceOf(change, 2 + (change % 3)));
  changeMs.push(
    await timed(() => {
      proxy.servicesChanged([key]);
      return proxy.settled();
    }),
  );
}
// Somebody else's transaction, so that there is something to look at.
await nftables.run("add table inet other");
const verifyMs = await timed(() => proxy.verify());
await proxy.stop();
await nftables.close();
const measurement: ProxyMeasurement = { services: count, startMs, changeMs, verifyMs, residentBytes };
process.stdout.write(JSON.stringify(measurement));

function sliceOf(index: number, endpoints: number): EndpointSlice {
  return EndpointSlice.schema.parse({
    metadata: { name: `s${index}`, namespace: "default" },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    endpoints: Array.from({ length: endpoints }, (_, each) => ({
      addresses: [`10.${128 + each}.${index >> 8}.${index & 255}`],
      nodeName: each === 0 ? "one" : "two",
    })),
  });
}

async function timed(what: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await what();
  return performance.now() - start;
}

function complain(about: object, text: string): never {
  throw new Error(`${text} ${JSON.stringify(about)}`);
}
