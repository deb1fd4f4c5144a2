import type { Logger } from "pino";
import { watchKind, WorkQueue, type Client, type Informer } from "../kubernetes/client/index.ts";
import { Secret, ValidatingWebhookConfiguration, webhookName } from "../kubernetes/resources/index.ts";
import { outageLog } from "../snapshot/index.ts";
import { keepCertificate, type CertificateApi } from "./keep-certificate.ts";
import { base64, secretDataOf } from "./serving-certificate.ts";

export interface WebhookModules {
  readonly client: Client;
  readonly log: Logger;
}

/** So often it is looked whether the certificate ends soon. */
const lookAgainMs = 3_600_000;
const retries = { firstMs: 200, maxMs: 30_000 } as const;

/** By this the API server calls a Service in `namespace`. */
export function serverNameIn(namespace: string): string {
  return `${webhookName}.${namespace}.svc`;
}

/** For the leader: makes and renews the certificate, and keeps what the API server believes. Until the signal. */
export async function keepWebhookCertificate(
  { client, log }: WebhookModules,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock, wallTime } = client.ports;
  const look = () => queue.add("certificate");
  const where = { fieldSelector: `metadata.name=${webhookName}`, onDisconnect: outageLog(log) };
  const secrets = watchKind(client, Secret, { ...where, namespace }, look, signal);
  const registrations = watchKind(client, ValidatingWebhookConfiguration, where, look, signal);
  const api = certificateApi(client, secrets, registrations, signal);
  const queue: WorkQueue = new WorkQueue(
    async () => {
      await Promise.all([secrets.synced, registrations.synced]);
      const kept = await keepCertificate(api, serverNameIn(namespace), wallTime());
      if (kept === "renewed") log.info("the webhook has a new certificate");
      if (kept === "nowhere to keep it") {
        log.warn({ name: webhookName }, "the webhook needs a Secret and a ValidatingWebhookConfiguration of this name");
      }
      queue.addAfter("certificate", lookAgainMs);
    },
    {
      ports: client.ports,
      backoff: retries,
      onFailure: (_, error) => log.warn({ error: String(error) }, "the webhook's certificate cannot be kept yet"),
    },
  );
  // Also where there is nothing of this name, of which no change tells.
  clock.setTimer(0, look);
  await Promise.all([queue.run(signal), secrets.done, registrations.done]);
}

function certificateApi(
  client: Client,
  secrets: Informer<Secret>,
  registrations: Informer<ValidatingWebhookConfiguration>,
  signal: AbortSignal,
): CertificateApi {
  const registration = () => [...registrations.cache.values()][0];
  return {
    secret: () => [...secrets.cache.values()][0],
    trusted: () => {
      const webhooks = registration()?.webhooks;
      // All of them the same, or it is written again.
      const bundles = new Set(webhooks?.map(({ clientConfig }) => clientConfig.caBundle ?? ""));
      if (webhooks === undefined) return undefined;
      return bundles.size === 1 ? Buffer.from([...bundles][0] ?? "", "base64").toString() : "";
    },
    trust: async (authoritiesPem) => {
      const clientConfig = { caBundle: base64(authoritiesPem) };
      const webhooks = (registration()?.webhooks ?? []).map(({ name }) => ({ name, clientConfig }));
      const object = { metadata: { name: webhookName }, webhooks };
      await client.apply(ValidatingWebhookConfiguration, object, { force: true, signal });
    },
    store: async (certificate, { metadata: { name, namespace, resourceVersion } }) => {
      const body = { metadata: { resourceVersion }, data: secretDataOf(certificate) };
      await client.patch(Secret, { namespace, name }, { type: "merge", body }, { signal });
    },
  };
}
