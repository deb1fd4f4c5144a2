import type { Lab } from "../../lab.ts";
import type { ServiceRules } from "./service-rules.ts";

/** ARP answers for addresses of the asked interface only, and asks by these only (ip-sysctl.rst). */
const strictArp = { arp_ignore: "1", arp_announce: "2" };

/** Looks at Kubernetes' own proxy in IPVS mode as its operator does: the dummy link, strictARP, and `ipvsadm -ln`. */
export async function ipvsRules(lab: Lab, node: string, address: string): Promise<ServiceRules> {
  const sysctls = Object.keys(strictArp).map((name) => `net.ipv4.conf.all.${name}`);
  const [link, table, arp] = await Promise.all([
    lab.exec(node, ["ip", "-oneline", "-4", "address", "show", "dev", "kube-ipvs0"]),
    lab.exec(node, ["ipvsadm", "-ln"]),
    lab.exec(node, ["sysctl", "-n", ...sysctls]),
  ]);
  const { forwarding, endpoints } = virtualServer(table, `${address}:80`);
  const isHere = link.includes(` ${address}/32 `);
  const isStrict = arp.trim().split("\n").join() === Object.values(strictArp).join();
  const isMasqueraded = forwarding.every((each) => each === "Masq");
  return {
    ok: isHere && isStrict && isMasqueraded,
    verdict: [
      isHere ? "on kube-ipvs0" : "not on kube-ipvs0",
      isStrict ? "strict ARP" : "no strict ARP",
      isMasqueraded ? "masqueraded" : `forwarded by ${forwarding.join()}`,
    ].join(", "),
    endpoints,
  };
}

/**
 * A virtual server of the table:
 *
 *     TCP  172.19.100.1:80 rr
 *       -> 10.233.64.16:80              Masq    1      0          0
 */
function virtualServer(table: string, frontend: string): { forwarding: string[]; endpoints: string[] } {
  const lines = table.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`TCP  ${frontend} `));
  if (start < 0) return { forwarding: ["nothing"], endpoints: [] };
  const length = lines.slice(start + 1).findIndex((line) => !line.startsWith("  -> "));
  const servers = lines.slice(start + 1, start + 1 + length).map((line) => line.trim().split(/\s+/));
  return {
    forwarding: servers.map(([, , how = ""]) => how),
    endpoints: servers.map(([, server = ""]) => server).sort(),
  };
}
