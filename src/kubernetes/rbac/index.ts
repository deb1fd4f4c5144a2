export { rbacManifests, serviceAccounts, webhookRbacManifests } from "./manifests.ts";
