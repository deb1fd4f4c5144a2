import { createPrivateKey, X509Certificate } from "node:crypto";
import { issueCertificate, pemOfKey } from "../kubernetes/certificates/index.ts";
import type { Secret } from "../kubernetes/resources/index.ts";

/** What the webhook shows, and what the API server believes it by; all PEM. */
export interface ServingCertificate {
  /** The authority that issued it, then the one of before, which some replica may still show one of. */
  readonly authoritiesPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const days = 90;
/** Renewed so early that a month without a controller does no harm. */
const leftDays = 30;
const dayMs = 86_400_000;
/** As Secrets of the type kubernetes.io/tls have them, and cert-manager. */
const keys = { authorities: "ca.crt", certificate: "tls.crt", key: "tls.key" } as const;

/**
 * A new certificate for `serverName`, of an authority that has issued nothing else and never will: its key is forgotten
 * here. So there is no key that could make others, and no second thing to be renewed.
 */
export function newServingCertificate(
  serverName: string,
  from: Date,
  before: ServingCertificate | undefined,
): ServingCertificate {
  const issuer = issueCertificate({ subject: { commonName: "fairlead webhook" }, use: "authority", days, from });
  const pair = issueCertificate({
    subject: { commonName: serverName },
    use: "server",
    issuer,
    days,
    names: [serverName],
    from,
  });
  return {
    authoritiesPem: issuer.certificatePem + (before === undefined ? "" : firstOf(before.authoritiesPem)),
    certificatePem: pair.certificatePem,
    keyPem: pemOfKey(pair.key),
  };
}

/** Whether it is time for another: it ends soon, begins later, or is for another name. */
export function isDue({ certificatePem }: ServingCertificate, serverName: string, now: Date): boolean {
  const certificate = new X509Certificate(certificatePem);
  return (
    certificate.checkHost(serverName) === undefined ||
    certificate.validFromDate > now ||
    certificate.validToDate.getTime() - now.getTime() < leftDays * dayMs
  );
}

/** The certificate in a Secret; undefined where there is none that can be used. */
export function certificateIn(secret: Secret): ServingCertificate | undefined {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? "", "base64").toString();
  const found = {
    authoritiesPem: text(keys.authorities),
    certificatePem: text(keys.certificate),
    keyPem: text(keys.key),
  };
  return isWhole(found) ? found : undefined;
}

export function secretDataOf(certificate: ServingCertificate): Readonly<Record<string, string>> {
  return {
    [keys.authorities]: base64(certificate.authoritiesPem),
    [keys.certificate]: base64(certificate.certificatePem),
    [keys.key]: base64(certificate.keyPem),
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** The parts belong together. Anybody who may write the Secret may have written anything. */
function isWhole({ authoritiesPem, certificatePem, keyPem }: ServingCertificate): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    const authority = new X509Certificate(firstOf(authoritiesPem));
    return certificate.verify(authority.publicKey) && certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false; // it is no certificate, or no key
  }
}

const end = "-----END CERTIFICATE-----\n";

function firstOf(pem: string): string {
  const at = pem.indexOf(end);
  return at === -1 ? "" : pem.slice(0, at + end.length);
}
