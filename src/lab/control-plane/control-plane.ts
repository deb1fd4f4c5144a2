import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, type CommandOptions } from "../command.ts";
import { fairlead, kubectl } from "../commands.ts";
import type { HostProcess, ProcessSpec } from "../host-process.ts";
import { LabError } from "../lab-error.ts";
import { patience } from "../patience.ts";
import { until } from "../until.ts";
import { administrator, componentUser, ControlPlaneCredentials, type CertificateUser } from "./credentials.ts";
import { controlPlaneProgram, type ControlPlaneProgram } from "./programs.ts";

/** Where a control plane runs: a host of the lab, or this machine. */
export interface ControlPlaneHost {
  /** What is started so is ended by the host, the last first. */
  run(spec: ProcessSpec): Promise<HostProcess>;
  /** Runs a command to its end where the control plane can be reached. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<string>;
}

export interface ControlPlanePorts {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  /** 0 for none. */
  readonly controllerManager: number;
  readonly scheduler: number;
}

/** Kubernetes' own. */
export const usualPorts: ControlPlanePorts = {
  api: 6443,
  etcd: 2379,
  etcdPeer: 2380,
  controllerManager: 10_257,
  scheduler: 10_259,
};

export interface ControlPlaneOptions {
  /** For certificates, kubeconfigs and etcd's data. */
  readonly folder: string;
  /** What the API server is called by. */
  readonly address: string;
  readonly serviceNetwork: string;
  readonly ports?: ControlPlanePorts;
  readonly signal?: AbortSignal | undefined;
}

/** As much of an entry of Kubernetes' audit log as is looked at. */
export interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly apiGroup?: string; readonly subresource?: string };
}

/** Service accounts are written down, but for those of Kubernetes' controllers. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", userGroups: ["system:serviceaccounts:kube-system"] },
    { level: "Metadata", userGroups: ["system:serviceaccounts"] },
    { level: "None" },
  ],
};

type Part = Exclude<ControlPlaneProgram, "kube-proxy">;

/** kube-apiserver takes seconds to start; on a busy machine, many. */
const startLimitMs = 120_000;
/** Longer than any lab runs. */
const tokenDuration = "24h";

/** Kubernetes' own control plane: etcd, kube-apiserver with RBAC, kube-controller-manager and kube-scheduler. */
export class ControlPlane {
  readonly url: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly #host: ControlPlaneHost;
  readonly #credentials: ControlPlaneCredentials;
  readonly #options: ControlPlaneOptions;
  readonly #ports: ControlPlanePorts;
  /** In the order in which they were started. */
  readonly #running = new Map<Part, HostProcess>();

  private constructor(
    url: string,
    kubeconfig: string,
    modules: { readonly host: ControlPlaneHost; readonly credentials: ControlPlaneCredentials },
    options: ControlPlaneOptions,
  ) {
    this.url = url;
    this.kubeconfig = kubeconfig;
    this.#host = modules.host;
    this.#credentials = modules.credentials;
    this.#options = options;
    this.#ports = options.ports ?? usualPorts;
  }

  /** Resolves when the API server answers, knows Fairlead's kinds, and the controllers run. */
  static async start(host: ControlPlaneHost, options: ControlPlaneOptions): Promise<ControlPlane> {
    const { address, folder, serviceNetwork, ports = usualPorts, signal } = options;
    const names = [address, "127.0.0.1", "localhost", "kubernetes.default.svc", firstAddressOf(serviceNetwork)];
    const credentials = await ControlPlaneCredentials.make(join(folder, "credentials"), names);
    const url = `https://${address}:${ports.api}`;
    const kubeconfig = await credentials.certificateKubeconfig(url, administrator);
    const made = new ControlPlane(url, kubeconfig, { host, credentials }, options);
    await writeFile(auditFile(folder, "policy.json"), JSON.stringify(auditPolicy));
    await made.startAll();
    await made.#teachKinds(signal);
    return made;
  }

  async startAll(): Promise<void> {
    const { folder } = this.#options;
    const ports = this.#ports;
    await this.#run("etcd", etcdArgv(folder, ports));
    await this.startApiServer();
    await this.#startComponent("kube-controller-manager", controllerManagerArgv(this.#credentials, ports));
    await this.#startComponent("kube-scheduler", [`--secure-port=${ports.scheduler}`, "--leader-elect=false"]);
  }

  /** The last that was started first. They end slowly when they are asked to, and have nothing to lose. */
  async stopAll(): Promise<void> {
    for (const part of [...this.#running.keys()].reverse()) await this.#stop(part);
  }

  async startApiServer(): Promise<void> {
    const { signal } = this.#options;
    const argv = apiServerArgv(this.#credentials, this.#options, this.#ports);
    const process = await this.#run("kube-apiserver", argv);
    const limits = { signal, timeoutMs: startLimitMs, everyMs: 200 };
    await until("kube-apiserver answers", () => this.#answers(process), limits);
  }

  stopApiServer(): Promise<void> {
    return this.#stop("kube-apiserver");
  }

  /** A copy of etcd's data, for which all stands still a moment. */
  async backUp(to: string): Promise<void> {
    await this.stopAll();
    await cp(this.#dataFolder, to, { recursive: true });
    await this.startAll();
  }

  /** Puts everything back to where it was at a backup, as one does it with a cluster: all of it is started anew. */
  async restore(from: string): Promise<void> {
    await this.stopAll();
    await rm(this.#dataFolder, { recursive: true });
    await cp(from, this.#dataFolder, { recursive: true });
    await this.startAll();
  }

  /** What has happened so far is forgotten, and something has happened since. */
  async compactHistory(): Promise<void> {
    const ask = async (what: string, body: object) => {
      const url = `http://127.0.0.1:${this.#ports.etcd}/v3/kv/${what}`;
      const said = await this.#host.exec(["curl", "-sS", "-f", "-d", JSON.stringify(body), url]);
      return JSON.parse(said) as { readonly header: { readonly revision: string } };
    };
    const { header } = await ask("put", { key: base64("fairlead-lab"), value: "" });
    await ask("compaction", { revision: header.revision });
  }

  /** What service accounts have asked for so far. */
  async audited(): Promise<readonly AuditEvent[]> {
    const text = await readFile(auditFile(this.#options.folder, "log"), "utf8");
    return text
      .slice(0, text.lastIndexOf("\n"))
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent);
  }

  /** The kubeconfig of a user with a client certificate. */
  certificateKubeconfig(user: CertificateUser): Promise<string> {
    return this.#credentials.certificateKubeconfig(this.url, user);
  }

  /** The kubeconfig of a service account, with a token as its pods are given one. */
  async serviceAccountKubeconfig(namespace: string, name: string): Promise<string> {
    const token = await this.kubectl(["create", "token", name, "-n", namespace, `--duration=${tokenDuration}`]);
    return this.#credentials.tokenKubeconfig(this.url, name, token.trim());
  }

  kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return this.#host.exec(kubectl(this.kubeconfig, args), options);
  }

  async #answers(process: HostProcess): Promise<boolean> {
    if (!process.running) throw await endedAsItStarted(process);
    return this.kubectl(["get", "--raw", "/readyz", "--request-timeout=5s"]).then(
      (said) => said.trim() === "ok",
      () => false,
    );
  }

  get #dataFolder(): string {
    return dataFolder(this.#options.folder);
  }

  async #run(part: Part, argv: readonly string[]): Promise<HostProcess> {
    const process = await this.#host.run({ name: part, argv });
    this.#running.set(part, process);
    return process;
  }

  async #stop(part: Part): Promise<void> {
    await this.#running.get(part)?.stop(500);
    this.#running.delete(part);
  }

  async #startComponent(name: "kube-controller-manager" | "kube-scheduler", args: readonly string[]): Promise<void> {
    const kubeconfig = await this.certificateKubeconfig(componentUser(name));
    const access = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"];
    const argv = [controlPlaneProgram(name), ...access.map((flag) => `--${flag}=${kubeconfig}`), ...args];
    await this.#run(name, argv);
  }

  async #teachKinds(signal: AbortSignal | undefined): Promise<void> {
    const file = join(this.kubeconfig, "../crds.yaml");
    await writeFile(file, await command(fairlead("crds"), { signal }));
    await this.kubectl(["apply", "--server-side", "-f", file], { signal });
    await this.kubectl(["wait", "--for=condition=Established", `--timeout=${60 * patience}s`, "-f", file], { signal });
  }
}

async function endedAsItStarted({ name, logFile }: HostProcess): Promise<LabError> {
  const log = await readFile(logFile, "utf8");
  return new LabError("lab.processEnded", `${name} ended as it started: ${log.trimEnd().slice(-2000)}`);
}

function auditFile(folder: string, name: string): string {
  return join(folder, `audit-${name}`);
}

function dataFolder(folder: string): string {
  return join(folder, "etcd-data");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function etcdArgv(folder: string, ports: ControlPlanePorts): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    controlPlaneProgram("etcd"),
    `--data-dir=${dataFolder(folder)}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--log-level=warn",
    // A lab is gone after a power failure in any case.
    "--unsafe-no-fsync",
  ];
}

function apiServerArgv(
  credentials: ControlPlaneCredentials,
  { folder, address, serviceNetwork }: ControlPlaneOptions,
  ports: ControlPlanePorts,
): string[] {
  return [
    controlPlaneProgram("kube-apiserver"),
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${ports.api}`,
    `--tls-cert-file=${credentials.file("apiserver.crt")}`,
    `--tls-private-key-file=${credentials.file("apiserver.key")}`,
    `--client-ca-file=${credentials.file("ca.crt")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${credentials.file("service-accounts.pub")}`,
    `--service-account-signing-key-file=${credentials.file("service-accounts.key")}`,
    `--service-cluster-ip-range=${serviceNetwork}`,
    // Webhooks are reached by their endpoints: nothing takes a cluster address to them where the API server runs.
    "--enable-aggregator-routing=true",
    "--allow-privileged=true",
    `--audit-policy-file=${auditFile(folder, "policy.json")}`,
    `--audit-log-path=${auditFile(folder, "log")}`,
    "--profiling=false",
  ];
}

function controllerManagerArgv(credentials: ControlPlaneCredentials, ports: ControlPlanePorts): string[] {
  return [
    `--secure-port=${ports.controllerManager}`,
    "--leader-elect=false",
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${credentials.file("service-accounts.key")}`,
    `--root-ca-file=${credentials.file("ca.crt")}`,
    // It asks for the Endpoints of each Service that is deleted: with its usual 20 requests a second, for minutes.
    "--kube-api-qps=500",
    "--kube-api-burst=500",
    "--profiling=false",
  ];
}

/** The Service `kubernetes` gets the first address of the network. */
function firstAddressOf(serviceNetwork: string): string {
  return (serviceNetwork.split("/")[0] ?? "").replace(/\d+$/, (last) => String(Number(last) + 1));
}
