export { keepWebhookCertificate } from "./certificate-keeper.ts";
export { startWebhook } from "./webhook.ts";
