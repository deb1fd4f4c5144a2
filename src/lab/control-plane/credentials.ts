import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { issueCertificate, pemOfKey, type KeyPair } from "../../kubernetes/certificates/index.ts";

const authorityDays = 3_650;
const leafDays = 365;

/** Somebody whom the API server knows by a client certificate: the common name is the user, organizations are groups. */
export interface CertificateUser {
  readonly name: string;
  readonly groups: readonly string[];
}

export const administrator: CertificateUser = { name: "administrator", groups: ["system:masters"] };

/** Kubernetes' own roles are bound to these names: system:kube-controller-manager and so on. */
export function componentUser(name: string): CertificateUser {
  return { name: `system:${name}`, groups: [] };
}

/** As the Node authorizer knows a kubelet. */
export function kubeletUser(node: string): CertificateUser {
  return { name: `system:node:${node}`, groups: ["system:nodes"] };
}

/** The certificates and keys of a control plane, in a folder: one authority, which signs for the server and all clients. */
export class ControlPlaneCredentials {
  readonly #folder: string;
  readonly #authority: KeyPair;

  private constructor(folder: string, authority: KeyPair) {
    this.#folder = folder;
    this.#authority = authority;
  }

  /** `names`: the DNS names and addresses that the API server is called by. */
  static async make(folder: string, names: readonly string[]): Promise<ControlPlaneCredentials> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const authority = issueCertificate({
      subject: { commonName: "kubernetes-ca" },
      use: "authority",
      days: authorityDays,
    });
    const made = new ControlPlaneCredentials(folder, authority);
    const server = issueCertificate({
      subject: { commonName: "kube-apiserver" },
      use: "server",
      issuer: authority,
      days: leafDays,
      names,
    });
    // kube-controller-manager signs service accounts' tokens with the one, kube-apiserver proves them by the other.
    const serviceAccounts = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await made.#write("ca.crt", authority.certificatePem);
    await made.#write("apiserver.crt", server.certificatePem);
    await made.#write("apiserver.key", pemOfKey(server.key));
    await made.#write("service-accounts.key", pemOfKey(serviceAccounts.privateKey));
    await made.#write("service-accounts.pub", serviceAccounts.publicKey.export({ type: "spki", format: "pem" }));
    return made;
  }

  file(name: "ca.crt" | "apiserver.crt" | "apiserver.key" | "service-accounts.key" | "service-accounts.pub"): string {
    return join(this.#folder, name);
  }

  /** Writes a kubeconfig for a user of a client certificate, and resolves with its path. */
  certificateKubeconfig(url: string, user: CertificateUser): Promise<string> {
    const subject = { commonName: user.name, organizations: user.groups };
    const pair = issueCertificate({ subject, use: "client", issuer: this.#authority, days: leafDays });
    return this.#kubeconfig(url, user.name, {
      "client-certificate-data": base64(pair.certificatePem),
      "client-key-data": base64(pemOfKey(pair.key)),
    });
  }

  /** Writes a kubeconfig for whom a token is for, and resolves with its path. */
  tokenKubeconfig(url: string, name: string, token: string): Promise<string> {
    return this.#kubeconfig(url, name, { token });
  }

  async #kubeconfig(url: string, name: string, user: Readonly<Record<string, string>>): Promise<string> {
    const cluster = { server: url, "certificate-authority-data": base64(this.#authority.certificatePem) };
    const text = stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "kubernetes", cluster }],
      users: [{ name, user }],
      contexts: [{ name: "kubernetes", context: { cluster: "kubernetes", user: name } }],
      "current-context": "kubernetes",
    });
    return this.#write(`${name.replaceAll(":", "-")}.kubeconfig`, text);
  }

  async #write(name: string, text: string | Buffer): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
