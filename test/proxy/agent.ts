// The proxy of a node of the test network, told what the API would say.
import { Conntrack } from "../../src/linux/conntrack/index.ts";
import { Nftables } from "../../src/linux/nftables/index.ts";
import { parsePrefix } from "../../src/net/index.ts";
import { EndpointSlice, Node, Service } from "../../src/kubernetes/resources/index.ts";
import { ServiceProxy } from "../../src/node/proxy/index.ts";
import { answerQuestions } from "./process.ts";

export type AgentQuestion =
  | {
      readonly do: "start";
      readonly nodeName: string;
      readonly podNetworks: readonly string[];
      readonly nodes: unknown[];
      readonly verifyEveryMs: number;
    }
  /** Replaces a service and its slices; removes it when there is no service. */
  | { readonly do: "set"; readonly key: string; readonly service?: unknown; readonly slices: unknown[] }
  | { readonly do: "nodes"; readonly nodes: unknown[]; readonly dead: readonly string[] }
  | { readonly do: "verify" };

const services = new Map<string, Service>();
const slices = new Map<string, EndpointSlice[]>();
let nodes: Node[] = [];
const nftables = new Nftables();
let proxy: ServiceProxy | undefined;
const warnings: string[] = [];
const log = {
  info: () => undefined,
  warn: (about: object, text: string) => warnings.push(`${text} ${JSON.stringify(about)}`),
};

/** Every answer is what was warned of since the last. */
await answerQuestions(async (question: AgentQuestion): Promise<string[]> => {
  switch (question.do) {
    case "start":
      await start(question);
      break;
    case "set":
      if (question.service === undefined) services.delete(question.key);
      else services.set(question.key, Service.schema.parse(question.service));
      slices.set(question.key, EndpointSlice.schema.array().parse(question.slices));
      proxy?.servicesChanged([question.key]);
      break;
    case "nodes":
      nodes = Node.schema.array().parse(question.nodes);
      proxy?.nodesChanged(new Set(question.dead));
      break;
    case "verify":
      await proxy?.verify();
      break;
  }
  await proxy?.settled();
  return warnings.splice(0);
});
await proxy?.stop();
await nftables.close();

async function start(question: AgentQuestion & { do: "start" }): Promise<void> {
  const { nodeName, podNetworks, verifyEveryMs } = question;
  await proxy?.stop();
  nodes = Node.schema.array().parse(question.nodes);
  const source = {
    serviceKeys: () => services.keys(),
    service: (key: string) => services.get(key),
    endpointSlices: (key: string) => slices.get(key) ?? [],
    nodes: () => nodes,
  };
  proxy = new ServiceProxy(
    { nftables, conntrack: new Conntrack(), source, log },
    { nodeName, verifyEveryMs, podNetworks: podNetworks.flatMap((text) => parsePrefix(text) ?? []) },
  );
  await proxy.start();
}
