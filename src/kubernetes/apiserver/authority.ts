import { createHash, createPrivateKey, createPublicKey, randomBytes, X509Certificate } from "node:crypto";
import { stringify } from "yaml";
import { parseStored, uidOf } from "./object.ts";
import type { User } from "./request.ts";
import { accountOfToken, serviceAccountUser, signToken, type ServiceAccountIdentity } from "./service-account-token.ts";
import type { Store } from "./store/store.ts";
import { issueCertificate, pemOfKey, type KeyPair } from "../certificates/index.ts";

const authorityDays = 3_650;
const leafDays = 365;

/**
 * The server's own certificate authority, and the tokens that it gave out. Both are kept in the database, so that a
 * kubeconfig is good for as long as the database is; of a token only its hash is kept.
 */
export class Authority {
  readonly #store: Store;
  readonly #pair: KeyPair;

  constructor(store: Store) {
    this.#store = store;
    const key = store.setting("authority.key");
    const certificatePem = store.setting("authority.certificate");
    if (key !== undefined && certificatePem !== undefined) {
      const subject = { commonName: commonNameOf(certificatePem) };
      this.#pair = { subject, key: createPrivateKey(key), publicKey: createPublicKey(key), certificatePem };
      return;
    }
    this.#pair = issueCertificate({ subject: { commonName: "fairlead" }, use: "authority", days: authorityDays });
    store.setSetting("authority.key", pemOfKey(this.#pair.key));
    store.setSetting("authority.certificate", this.#pair.certificatePem);
  }

  /** The certificate that clients trust, as PEM. */
  get certificatePem(): string {
    return this.#pair.certificatePem;
  }

  /** A certificate for this server under all `names` (DNS names and addresses) that it is called by. */
  serverPair(names: readonly string[]): { key: string; cert: string } {
    const subject = { commonName: "kube-apiserver" };
    const pair = issueCertificate({ subject, use: "server", issuer: this.#pair, days: leafDays, names });
    return { key: pemOfKey(pair.key), cert: pair.certificatePem };
  }

  clientPair({ name, groups }: User): { key: string; cert: string } {
    const subject = { commonName: name, organizations: groups };
    const pair = issueCertificate({ subject, use: "client", issuer: this.#pair, days: leafDays });
    return { key: pemOfKey(pair.key), cert: pair.certificatePem };
  }

  issueToken(user: User): string {
    const token = randomBytes(32).toString("base64url");
    this.#store.setSetting(tokenKey(token), JSON.stringify(user));
    return token;
  }

  /** A token for a service account, good for so long and no longer than the account is there. */
  serviceAccountToken(account: ServiceAccountIdentity, seconds: number): string {
    return signToken(this.#pair.key, account, Math.floor(Date.now() / 1000), seconds);
  }

  userOfToken(token: string): User | undefined {
    if (token.includes(".")) return this.#userOfServiceAccount(token);
    const user = this.#store.setting(tokenKey(token));
    return user === undefined ? undefined : (JSON.parse(user) as User);
  }

  /** The text of a kubeconfig for `user` at the server `url`, all credentials within. */
  kubeconfig(url: string, user: User, credential: "certificate" | "token"): string {
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: "fairlead", cluster: { server: url, "certificate-authority-data": base64(this.certificatePem) } },
      ],
      users: [{ name: user.name, user: this.#credential(user, credential) }],
      contexts: [{ name: "fairlead", context: { cluster: "fairlead", user: user.name } }],
      "current-context": "fairlead",
    });
  }

  #userOfServiceAccount(token: string): User | undefined {
    const account = accountOfToken(this.#pair.publicKey, token, Math.floor(Date.now() / 1000));
    if (account === undefined) return undefined;
    const key = { resource: "serviceaccounts", namespace: account.namespace, name: account.name };
    const stored = this.#store.get(key);
    if (stored === undefined || uidOf(parseStored(stored.text)) !== account.uid) return undefined;
    return serviceAccountUser(account);
  }

  #credential(user: User, credential: "certificate" | "token"): Record<string, string> {
    if (credential === "token") return { token: this.issueToken(user) };
    const { key, cert } = this.clientPair(user);
    return { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
  }
}

function tokenKey(token: string): string {
  return `token.${createHash("sha256").update(token).digest("hex")}`;
}

function commonNameOf(certificatePem: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(certificatePem).subject)?.[1] ?? "fairlead";
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
