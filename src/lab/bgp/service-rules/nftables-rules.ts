import type { Lab } from "../../lab.ts";
import type { ServiceRules } from "./service-rules.ts";

/** Reads the table of Kubernetes' own proxy in nftables mode: service address → service → endpoints. */
export async function nftablesRules(lab: Lab, node: string, address: string): Promise<ServiceRules> {
  const table = await lab.exec(node, ["nft", "list", "table", "ip", "kube-proxy"]);
  const external = new RegExp(`${address.replaceAll(".", "\\.")} \\. tcp \\. 80 : goto (external-\\S+)`).exec(
    table,
  )?.[1];
  const outer = chain(table, external);
  const service = chain(table, /goto (service-\S+)/.exec(outer)?.[1]);
  // It marks what came from outside for masquerading.
  const ok = outer.includes('comment "masquerade"');
  // dnat ip to numgen random mod 3 map { 0 : 10.233.119.2 . 80, … }
  const endpoints = [...service.matchAll(/\d+ : (\S+) \. (\d+)/g)].map(([, host, port]) => `${host}:${port}`);
  return { ok, verdict: ok ? "masquerade" : "is not taken", endpoints: endpoints.sort() };
}

/** The text of a chain of the table, empty where there is none. */
function chain(table: string, name: string | undefined): string {
  const start = name === undefined ? -1 : table.indexOf(`chain ${name.replace(/,$/, "")} {`);
  return start < 0 ? "" : table.slice(start, table.indexOf("\n\t}", start));
}
