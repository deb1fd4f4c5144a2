import { watchKind, type Changes } from "../kubernetes/client/index.ts";
import { Secret, webhookName } from "../kubernetes/resources/index.ts";
import { listConfiguration, outageLog } from "../snapshot/index.ts";
import type { WebhookModules } from "./certificate-keeper.ts";
import { ReviewServer } from "./review-server.ts";
import { certificateIn } from "./serving-certificate.ts";

/**
 * For each controller, whether it leads or not: judges what is to be written to the configuration in `namespace`, with
 * the certificate that the leader has put into the Secret. Resolves when the port is open; with what ends it.
 */
export async function startWebhook(
  { client, log }: WebhookModules,
  { namespace, port }: { readonly namespace: string; readonly port: number },
): Promise<() => Promise<void>> {
  const stopping = new AbortController();
  const server = await ReviewServer.listen(port, {
    // Read anew for each: two objects of one file are written faster than a cache hears of the first.
    written: (signal) => listConfiguration(client, namespace, signal),
    onRefused: (object, complaints) => log.info({ object, complaints }, "refused before it was written"),
    onFailure: (error) => log.warn({ error: String(error) }, "nothing can be said of an object that is to be written"),
  });
  const heard = ({ added, updated }: Changes<Secret>) => {
    const secret = added[0] ?? updated[0]?.new;
    const certificate = secret && certificateIn(secret);
    if (certificate !== undefined) server.use(certificate);
  };
  const where = { namespace, fieldSelector: `metadata.name=${webhookName}`, onDisconnect: outageLog(log) };
  const secrets = watchKind(client, Secret, where, heard, stopping.signal);
  return async () => {
    stopping.abort();
    await server.close();
    await secrets.done;
  };
}
