export { peerUserOf } from "./peer-credentials.ts";
