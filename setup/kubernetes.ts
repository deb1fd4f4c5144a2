// A real control plane, for `--api kubernetes` and the tests against it: etcd and Kubernetes' own programs, built from
// their Go modules. Minutes from nothing; nothing to do when this version was built before.
//   npm run kubernetes      prints the folder that they are in
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { goEnvironment } from "./kubernetes/go-environment.ts";
import { programCache } from "./kubernetes/go-programs.ts";
import { newEnoughGo } from "./kubernetes/go-toolchain.ts";

const root = join(import.meta.dirname, "..");
const sources = join(import.meta.dirname, "kubernetes");
const commands = ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"];
const programs = ["etcd", ...commands];

/** Where the lab looks for them. */
const link = join(root, "node_modules/.cache/fairlead/kubernetes");

/** Builds what is missing and resolves with the folder. `KUBEBUILDER_ASSETS` names one to use instead. */
export function controlPlanePrograms(): string {
  const given = process.env["KUBEBUILDER_ASSETS"];
  if (given !== undefined) {
    const missing = missingIn(given);
    if (missing.length > 0) throw new Error(`KUBEBUILDER_ASSETS: ${given} has no ${missing.join(", ")}`);
    return given;
  }
  const folder = join(programCache, `kubernetes-${kubernetesVersion()}-${digestOfSources()}`);
  if (missingIn(folder).length > 0) build(folder);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(folder, link);
  return folder;
}

function missingIn(folder: string): string[] {
  return programs.filter((name) => !existsSync(join(folder, name)));
}

function build(folder: string): void {
  const go = newEnoughGo(programCache, say);
  const version = kubernetesVersion();
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  say(`building etcd and Kubernetes ${version} with Go: about 15 minutes of processor time, once`);
  const compile = (module: string, flags: string, packages: readonly string[]) =>
    execFileSync(go, ["build", "-trimpath", "-ldflags", `-s -w ${flags}`, "-o", `${scratch}/`, ...packages], {
      cwd: join(sources, module),
      env: { ...process.env, ...goEnvironment },
      // Standard output is for the folder's name.
      stdio: ["ignore", 2, 2],
    });
  try {
    compile("etcd", "", ["."]);
    const [major = "", minor = ""] = version.split(".");
    const says = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
    const flags = Object.entries(says).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
    compile(
      "control-plane",
      flags.join(" "),
      commands.map((name) => `k8s.io/kubernetes/cmd/${name}`),
    );
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function kubernetesVersion(): string {
  const version = /k8s\.io\/kubernetes v(\S+)/.exec(readFileSync(join(sources, "control-plane/go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error("setup/kubernetes/control-plane/go.mod names no k8s.io/kubernetes");
  return version;
}

/** The sums pin every line of what is built. */
function digestOfSources(): string {
  const hash = createHash("sha256");
  const files = ["control-plane/go.mod", "control-plane/go.sum", "etcd/go.mod", "etcd/go.sum", "etcd/main.go"];
  for (const file of files) hash.update(readFileSync(join(sources, file)));
  return hash.digest("hex").slice(0, 8);
}

function say(line: string): void {
  process.stderr.write(`kubernetes: ${line}\n`);
}

if (import.meta.main) process.stdout.write(`${controlPlanePrograms()}\n`);
