import type { Secret } from "../kubernetes/resources/index.ts";
import { certificateIn, isDue, newServingCertificate, type ServingCertificate } from "./serving-certificate.ts";

/** Where the certificate is kept. */
export interface CertificateApi {
  /** Undefined where there is none. */
  readonly secret: () => Secret | undefined;
  /** The authorities that the API server believes; undefined where there is no registration. */
  readonly trusted: () => string | undefined;
  readonly trust: (authoritiesPem: string) => Promise<void>;
  /** Fails where the Secret was changed meanwhile. */
  readonly store: (certificate: ServingCertificate, into: Secret) => Promise<void>;
}

export type Kept = "kept" | "renewed" | "nowhere to keep it";

/**
 * Sees to it that there is a certificate which is good for a while yet, and that the API server believes it. A new
 * authority is believed before anybody shows a certificate of it, and the one before it until the next renewal: so
 * replicas may take the new certificate when they hear of it.
 */
export async function keepCertificate(api: CertificateApi, serverName: string, now: Date): Promise<Kept> {
  const secret = api.secret();
  const trusted = api.trusted();
  if (secret === undefined || trusted === undefined) return "nowhere to keep it";
  const current = certificateIn(secret);
  const isNew = current === undefined || isDue(current, serverName, now);
  const wanted = isNew ? newServingCertificate(serverName, now, current) : current;
  if (trusted !== wanted.authoritiesPem) await api.trust(wanted.authoritiesPem);
  if (!isNew) return "kept";
  await api.store(wanted, secret);
  return "renewed";
}
