import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { BgpCluster, HostProcess } from "../../src/lab/index.ts";
import type { MetallbPrograms } from "../../setup/metallb.ts";
import type { Name } from "./figure.ts";

/** Who gives Services their addresses, and announces them: one of those that are measured by turns. */
export interface Peer {
  readonly name: Exclude<Name, "BIRD">;
  startController(): Promise<HostProcess>;
  /** Starts what announces from a node; undefined for who announces nothing. */
  readonly startAgent: ((node: string) => Promise<HostProcess>) | undefined;
}

/** As many as Fairlead's controller writes at a time. */
const concurrency = 16;
const namespace = "metallb-system";

export async function barePeer({ lab, api }: BgpCluster): Promise<Peer> {
  const kubeconfig = await api.fairleadKubeconfig("controller", namespace);
  const program = join(import.meta.dirname, "bare-process.ts");
  const argv = [process.execPath, program, kubeconfig, String(concurrency)];
  return { name: "bare writes", startController: () => lab.run("api", { name: "bare", argv }), startAgent: undefined };
}

export async function fairleadPeer({ lab, api }: BgpCluster): Promise<Peer> {
  const program = [process.execPath, ...profiled(), join(import.meta.dirname, "../../dist/cli/main.js")];
  const access = {
    controller: await api.fairleadKubeconfig("controller", namespace),
    node: await api.fairleadKubeconfig("node", namespace),
  };
  return {
    name: "Fairlead",
    startController: () =>
      lab.run("api", {
        name: "fairlead-controller",
        argv: [...program, "controller", "--kubeconfig", access.controller],
      }),
    startAgent: (node) =>
      lab.run(node, {
        name: "fairlead-node",
        argv: [...program, "node", "--kubeconfig", access.node, "--node-name", node],
      }),
  };
}

/** A folder for what `node --cpu-prof` writes, to see where the time goes. */
function profiled(): string[] {
  const folder = process.env["FAIRLEAD_BENCH_PROFILES"];
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}

export async function metallbPeer(cluster: BgpCluster, programs: MetallbPrograms): Promise<Peer> {
  const { lab } = cluster;
  // Kinds that Fairlead does not know, its accounts, and what later programs look for.
  const kinds = join(import.meta.dirname, "../../test/control-plane/metallb.yaml");
  const here = (file: string) => join(import.meta.dirname, file);
  await cluster.kubectl(["apply", "-f", kinds, "-f", here("metallb.yaml"), "-f", here("later.yaml")]);
  const version = here("later-version.yaml");
  await cluster.kubectl(["patch", "crd", "bgppeers.metallb.io", "--type=json", "--patch-file", version]);
  const env = async (account: "controller" | "speaker") => ({
    KUBECONFIG: await accountKubeconfig(cluster, account),
    METALLB_NAMESPACE: namespace,
    METALLB_POD_NAME: "metallb",
  });
  const controller = await env("controller");
  const speaker = await env("speaker");
  return {
    name: "MetalLB",
    startController: () =>
      lab.run("api", {
        name: "metallb-controller",
        argv: [programs.controller, "--webhook-mode=disabled", "--disable-cert-rotation"],
        env: controller,
      }),
    startAgent: (node) =>
      lab.run(node, {
        name: "metallb-speaker",
        argv: [programs.speaker, `--node-name=${node}`],
        env: speaker,
      }),
  };
}

async function accountKubeconfig(cluster: BgpCluster, account: string): Promise<string> {
  const token = await cluster.kubectl(["create", "token", account, "-n", namespace, "--duration=24h"]);
  // The administrator's, with another user.
  const config = parse(await readFile(cluster.kubeconfig, "utf8")) as { users: { user: object }[] };
  const path = join(cluster.lab.folder, `metallb-${account}.kubeconfig`);
  const users = config.users.map((each) => ({ ...each, user: { token: token.trim() } }));
  await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
  return path;
}
