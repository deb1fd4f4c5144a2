export { rbacManifests, serviceAccounts } from "./manifests.ts";
