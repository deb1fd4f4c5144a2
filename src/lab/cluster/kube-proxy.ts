import { attempt } from "../command.ts";
import type { HostProcess } from "../host-process.ts";
import { controlPlaneProgram } from "../control-plane/programs.ts";
import type { Lab } from "../lab.ts";
import { LabError } from "../lab-error.ts";
import { patience } from "../patience.ts";

export interface KubeProxyOptions {
  readonly kubeconfig: string;
  readonly podNetwork: string;
  readonly mode: KubeProxyMode;
}

export type KubeProxyMode = "nftables" | "ipvs";

const modeArguments = {
  nftables: ["--proxy-mode=nftables"],
  ipvs: [
    "--proxy-mode=ipvs",
    "--ipvs-strict-arp",
    // Its defaults, 30 s and 1 s, but for a slow machine: it runs some sixty programs each time.
    `--ipvs-sync-period=${30 * patience}s`,
    `--ipvs-min-sync-period=${patience}s`,
  ],
} as const satisfies Record<KubeProxyMode, readonly string[]>;

/** What IPVS mode needs beyond the nftables that all labs need, each tried as kube-proxy will use it. */
const ipvsNeeds = [
  { argv: ["ipvsadm", "-A", "-t", "192.0.2.1:80", "-s", "rr"], what: "IPVS (modules ip_vs and ip_vs_rr)" },
  { argv: ["ip", "link", "add", "kube-ipvs0", "type", "dummy"], what: "dummy links (module dummy)" },
  { argv: ["ipset", "create", "KUBE", "hash:ip,port"], what: "IP sets (module ip_set_hash_ipport)" },
  { argv: ["iptables", "-A", "INPUT", "-m", "comment", "--comment", "KUBE"], what: "iptables (module nft_compat)" },
] as const;

/** Starts Kubernetes' own proxy on a node. */
export async function startKubeProxy(lab: Lab, node: string, options: KubeProxyOptions): Promise<HostProcess> {
  const argv = [
    controlPlaneProgram("kube-proxy"),
    ...modeArguments[options.mode],
    `--kubeconfig=${options.kubeconfig}`,
    `--hostname-override=${node}`,
    `--cluster-cidr=${options.podNetwork}`,
    // The limit is the machine's, and no namespace may write it.
    "--conntrack-max-per-core=0",
  ];
  return lab.run(node, { name: "kube-proxy", argv });
}

/** Rejects with all that this machine lacks for kube-proxy's IPVS mode. */
export async function requireIpvs(signal?: AbortSignal): Promise<void> {
  const tried = await Promise.all(
    ipvsNeeds.map(async ({ argv, what }) => {
      // In a namespace that is gone with the command. The kernel loads its modules by itself, where it has them.
      const { status } = await attempt(["unshare", "--net", ...argv], { signal });
      // unshare(1), as env(1): 127 where there is no such program.
      if (status === 127) return `the program ${argv[0]} (Debian's package of that name)`;
      return status === 0 ? undefined : what;
    }),
  );
  const missing = tried.filter((each) => each !== undefined);
  if (missing.length === 0) return;
  throw new LabError(
    "lab.noIpvs",
    `--proxy kube-proxy-ipvs: this machine lacks ${missing.join(", ")}. ` +
      "Load the modules where the kernel has them; npm run test:vm runs this story on a kernel that does",
  );
}
