import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterAccess } from "./access.ts";
import { FileCredentials } from "./credentials.ts";
import { AccessError } from "./errors.ts";
import type { Clock } from "./ports.ts";

/** Where Kubernetes puts a pod's service account. */
export const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The access that a pod is given; undefined outside of one. */
export async function inClusterAccess(
  env: NodeJS.ProcessEnv,
  clock: Clock,
  folder: string,
): Promise<ClusterAccess | undefined> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  const token = join(folder, "token");
  if (host === undefined || port === undefined || !(await exists(token))) return undefined;
  const server = URL.parse(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  if (server === null) {
    throw new AccessError(
      "kubeconfig",
      `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are ${JSON.stringify([host, port])}: expected an address and a port`,
    );
  }
  const [certificateAuthority, namespace] = await Promise.all([
    readFile(join(folder, "ca.crt"), "utf8"),
    readFile(join(folder, "namespace"), "utf8").catch(() => "default"),
  ]);
  return {
    server,
    certificateAuthority,
    insecureSkipTlsVerify: false,
    credentials: new FileCredentials({ token }, {}, clock),
    namespace: namespace.trim(),
    origin: folder,
  };
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
