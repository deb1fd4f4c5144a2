import type { Lab } from "../../lab.ts";
import type { ServiceRules } from "./service-rules.ts";

/** Reads the maps of Fairlead's own proxy. */
export async function fairleadRules(lab: Lab, node: string, address: string): Promise<ServiceRules> {
  const list = ["nft", "list", "map", "inet", "fairlead-proxy"];
  const [services, endpoints] = await Promise.all(
    ["services4", "endpoints4-tcp"].map((map) => lab.exec(node, [...list, map])),
  );
  const frontend = `${address} . tcp . 80`.replaceAll(".", "\\.");
  const verdict = new RegExp(`${frontend} : (?:goto )?([^,\\s]+)`).exec(services ?? "")?.[1] ?? "is not taken";
  const elements = (endpoints ?? "").matchAll(new RegExp(`${frontend} \\. \\d+ : (\\S+) \\. (\\d+)`, "g"));
  return {
    ok: verdict.includes("masquerade"),
    verdict,
    endpoints: [...elements].map((each) => `${each[1]}:${each[2]}`).sort(),
  };
}
