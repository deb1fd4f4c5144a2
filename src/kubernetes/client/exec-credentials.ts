import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";
import type { Credential, CredentialSource } from "./access.ts";
import { AccessError } from "./errors.ts";
import type { ClusterEntry, ExecEntry } from "./kubeconfig-file.ts";

/** What a credential plugin prints: `ExecCredential` of client.authentication.k8s.io/v1. */
const execCredential = z.object({
  apiVersion: z.literal("client.authentication.k8s.io/v1"),
  kind: z.literal("ExecCredential"),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

export interface ExecCredentialOptions {
  readonly entry: ExecEntry;
  /** The program, its path resolved. */
  readonly command: string;
  readonly cluster: ClusterEntry;
  readonly environment: NodeJS.ProcessEnv;
  readonly wallTime: () => Date;
}

const timeLimitMs = 60_000;
/** Renewed so long before it expires, so that no request is sent with one that expires on the way. */
const marginMs = 10_000;

/** Credentials that a program prints; kept until they expire or are rejected. Never asks a person for anything. */
export class ExecCredentials implements CredentialSource {
  readonly #options: ExecCredentialOptions;
  #kept: { readonly credential: Promise<Credential>; expires: number } | undefined;

  constructor(options: ExecCredentialOptions) {
    this.#options = options;
  }

  /** Several requests at once ask the program once. */
  current(): Promise<Credential> {
    const now = this.#options.wallTime().getTime();
    if (this.#kept !== undefined && now < this.#kept.expires - marginMs) return this.#kept.credential;
    const run = this.#run();
    const kept = { credential: run.then(({ credential }) => credential), expires: Number.POSITIVE_INFINITY };
    this.#kept = kept;
    run.then(
      ({ expires }) => (kept.expires = expires),
      // The caller is told; the next one tries again.
      () => this.#kept === kept && (this.#kept = undefined),
    );
    return kept.credential;
  }

  rejected(): boolean {
    this.#kept = undefined;
    return true;
  }

  async #run(): Promise<{ credential: Credential; expires: number }> {
    const { entry, command, cluster, environment } = this.#options;
    const info = {
      apiVersion: entry.apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false, ...(entry.provideClusterInfo ? { cluster } : {}) },
    };
    const variables = Object.fromEntries((entry.env ?? []).map(({ name, value }) => [name, value]));
    let stdout: string;
    try {
      ({ stdout } = await promisify(execFile)(command, entry.args ?? [], {
        env: { ...environment, ...variables, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeout: timeLimitMs,
      }));
    } catch (error) {
      const hint = entry.installHint === undefined ? "" : ` (${entry.installHint})`;
      throw new AccessError("credentials", `the credential plugin failed: ${(error as Error).message}${hint}`, error);
    }
    return readExecCredential(command, stdout);
  }
}

function readExecCredential(command: string, text: string): { credential: Credential; expires: number } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new AccessError("credentials", `the credential plugin ${command} printed no JSON`, error);
  }
  const parsed = execCredential.safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
    throw new AccessError(
      "credentials",
      `the credential plugin ${command} printed no ExecCredential: ${problems.join("; ")}`,
    );
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = parsed.data.status;
  if (token === undefined && (clientCertificateData === undefined || clientKeyData === undefined)) {
    throw new AccessError(
      "credentials",
      `the credential plugin ${command} printed neither status.token nor both of status.clientCertificateData and status.clientKeyData`,
    );
  }
  return {
    credential: { token, clientCertificate: clientCertificateData, clientKey: clientKeyData },
    expires: expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp),
  };
}
