import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { ClusterAccess, Credential, CredentialSource } from "./access.ts";
import { FileCredentials, fixedCredential } from "./credentials.ts";
import { AccessError } from "./errors.ts";
import { ExecCredentials } from "./exec-credentials.ts";
import { inClusterAccess, serviceAccountFolder } from "./in-cluster.ts";
import { clusterEntry, contextEntry, readEntry, readKubeconfigs, userEntry } from "./kubeconfig-file.ts";
import type { ClusterEntry, FoundEntry, MergedKubeconfig, Section, UserEntry } from "./kubeconfig-file.ts";
import { systemPorts, type Ports } from "./ports.ts";

export interface KubeconfigOptions {
  /** This file and no other. */
  readonly path?: string | undefined;
  /** Instead of the file's current context. */
  readonly context?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly ports?: Ports;
  /** Where a pod's service account lies. */
  readonly serviceAccount?: string;
}

/**
 * How to reach the API server: from `path`, else the files of $KUBECONFIG, else ~/.kube/config, else the service account
 * of the pod that we run in. Throws AccessError, naming the file and field and what would be right.
 */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
  const { env, ports = systemPorts } = options;
  const paths = pathsFor(options);
  const merged = await readKubeconfigs(paths);
  if (merged.files.length > 0) return await accessFrom(merged, options, ports);
  const insisted = options.path !== undefined || (env["KUBECONFIG"] ?? "") !== "" || options.context !== undefined;
  if (!insisted) {
    const inside = await inClusterAccess(env, ports.clock, options.serviceAccount ?? serviceAccountFolder);
    if (inside !== undefined) return inside;
  }
  throw new AccessError(
    "kubeconfig",
    `no kubeconfig: ${paths.join(" and ")} ${paths.length > 1 ? "do" : "does"} not exist` +
      (insisted ? "" : ", and this is no pod with a service account; set KUBECONFIG to the path of one"),
  );
}

function pathsFor({ path, env }: KubeconfigOptions): string[] {
  if (path !== undefined) return [resolve(path)];
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((each) => each !== "");
  if (listed.length > 0) return listed.map((each) => resolve(each));
  return [join(env["HOME"] ?? homedir(), ".kube", "config")];
}

async function accessFrom(merged: MergedKubeconfig, options: KubeconfigOptions, ports: Ports): Promise<ClusterAccess> {
  const origin = merged.files.join(delimiter);
  const name = options.context ?? merged.currentContext;
  if (name === undefined) {
    const known = [...merged.entries.context.keys()].join(", ") || "none";
    throw new AccessError(
      "kubeconfig",
      `${origin}: current-context is missing: expected one of its contexts (${known})`,
    );
  }
  const contextFound = entryNamed(
    merged,
    "context",
    name,
    options.context === undefined ? "current-context" : "context",
  );
  const context = readEntry(contextEntry, contextFound);
  const clusterFound = entryNamed(merged, "cluster", context.cluster, `${contextFound.field}.cluster`);
  const cluster = readEntry(clusterEntry, clusterFound);
  const userFound = entryNamed(merged, "user", context.user, `${contextFound.field}.user`);
  const user = readEntry(userEntry, userFound);
  return {
    server: new URL(cluster.server),
    certificateAuthority: await certificateAuthorityOf(cluster, clusterFound),
    insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"],
    tlsServerName: cluster["tls-server-name"],
    credentials: credentialsOf(user, userFound, cluster, options, ports),
    namespace: context.namespace ?? "default",
    origin,
  };
}

function entryNamed(merged: MergedKubeconfig, section: Section, name: string, field: string): FoundEntry {
  const found = merged.entries[section].get(name);
  if (found !== undefined) return found;
  const known = [...merged.entries[section].keys()].join(", ") || "none";
  throw new AccessError(
    "kubeconfig",
    `${merged.files.join(delimiter)}: ${field} is ${JSON.stringify(name)}: there is no ${section} of that name (there: ${known})`,
  );
}

async function certificateAuthorityOf(cluster: ClusterEntry, found: FoundEntry): Promise<string | undefined> {
  const data = cluster["certificate-authority-data"];
  if (data !== undefined) return fromBase64(data);
  const named = cluster["certificate-authority"];
  if (named === undefined) return undefined;
  const file = besides(found, named);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AccessError(
      "kubeconfig",
      `${found.file}: ${found.field}.certificate-authority is ${JSON.stringify(named)}: expected a PEM file (${(error as Error).message})`,
      error,
    );
  }
}

/** Data counts before files, but a tokenFile before a token, and either before a plugin, as kubectl has it. */
function credentialsOf(
  user: UserEntry,
  found: FoundEntry,
  cluster: ClusterEntry,
  { env }: KubeconfigOptions,
  ports: Ports,
): CredentialSource {
  if (user.exec !== undefined && user.token === undefined && user.tokenFile === undefined) {
    const { command } = user.exec;
    return new ExecCredentials({
      entry: user.exec,
      command: command.includes("/") ? besides(found, command) : command,
      cluster,
      environment: env,
      wallTime: ports.wallTime,
    });
  }
  const fixed: Credential = {
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(user["client-certificate-data"] === undefined
      ? {}
      : { clientCertificate: fromBase64(user["client-certificate-data"]) }),
    ...(user["client-key-data"] === undefined ? {} : { clientKey: fromBase64(user["client-key-data"]) }),
  };
  const fileFor = (given: string | undefined, file: string | undefined) =>
    given === undefined && file !== undefined ? besides(found, file) : undefined;
  const files = {
    token: fileFor(undefined, user.tokenFile),
    clientCertificate: fileFor(fixed.clientCertificate, user["client-certificate"]),
    clientKey: fileFor(fixed.clientKey, user["client-key"]),
  };
  const certificate = fixed.clientCertificate ?? files.clientCertificate;
  const key = fixed.clientKey ?? files.clientKey;
  if ((certificate === undefined) !== (key === undefined)) {
    const missing = certificate === undefined ? "client-certificate" : "client-key";
    throw new AccessError(
      "kubeconfig",
      `${found.file}: ${found.field}.${missing} is missing: expected it, or ${missing}-data, beside its other half`,
    );
  }
  const anyFile = Object.values(files).some((file) => file !== undefined);
  return anyFile ? new FileCredentials(files, fixed, ports.clock) : fixedCredential(fixed);
}

/** Paths in a kubeconfig file are relative to the file. */
function besides(found: FoundEntry, path: string): string {
  return resolve(dirname(found.file), path);
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString();
}
