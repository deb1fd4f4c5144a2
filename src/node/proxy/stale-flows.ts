import type { Conntrack, OpenFlow } from "../../linux/conntrack/index.ts";
import { formatAddress, parseAddress } from "../../net/index.ts";
import type { Frontend } from "./frontends.ts";

/** From so many frontends on, all flows are listed once and not those to each. */
const manyFrontends = 16;

const protocolNumbers = { TCP: 6, UDP: 17 } as const;

/**
 * Makes connection tracking forget the open flows to these frontends that are answered by nobody who serves: those to an
 * endpoint that went, and those from before the service had one. Nothing else would end them while the client sends, for
 * only a flow's first packet is looked up in our table. Flows of UDP are always open; those of TCP are until their SYN is
 * answered, and the client, who repeats it, then finds another endpoint.
 */
export async function forgetStaleFlows(
  conntrack: Pick<Conntrack, "openFlows" | "forget">,
  frontends: readonly Frontend[],
  signal: AbortSignal,
): Promise<void> {
  for (const protocol of ["TCP", "UDP"] as const) {
    for (const family of [4, 6] as const) {
      const own = new Map(
        frontends
          .filter((each) => each.family === family && each.protocol === protocol)
          .map((each) => [each.key, each]),
      );
      if (own.size === 0) continue;
      const flows: OpenFlow[] = [];
      if (own.size >= manyFrontends) flows.push(...(await conntrack.openFlows(protocol, family, undefined, signal)));
      else
        for (const each of own.values())
          flows.push(...(await conntrack.openFlows(protocol, family, destinationOf(each), signal)));
      for (const flow of staleAmong(flows, own)) await conntrack.forget(flow, signal);
    }
  }
}

/** One for each pair of frontend and answerer. Pure. */
export function staleAmong(flows: readonly OpenFlow[], frontends: ReadonlyMap<string, Frontend>): readonly OpenFlow[] {
  const stale = new Map<string, OpenFlow>();
  for (const flow of flows) {
    const protocol = protocolNumbers[flow.protocol];
    const frontend = frontends.get(`${canonical(flow.destination)} . ${protocol} . ${flow.destinationPort}`);
    const answerer = `${canonical(flow.answerer)} . ${flow.answererPort}`;
    if (frontend !== undefined && !frontend.serving.has(answerer)) stale.set(`${frontend.key} ${answerer}`, flow);
  }
  return [...stale.values()];
}

function destinationOf({ key }: Frontend): { address: string; port: number } {
  const [address = "", , port] = key.split(" . ");
  return { address, port: Number(port) };
}

/** conntrack(8) writes some IPv6 addresses in full. */
function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}
