export { BfdAgent, type BfdAgentOptions, type BfdChange } from "./bfd-agent.ts";
export { SharedBfd, type PathWatch } from "./shared-bfd.ts";
export { sessionConfigOf, type BfdPeer, type BfdProfile } from "./profile.ts";
export type { BfdStatus } from "./thread-messages.ts";
