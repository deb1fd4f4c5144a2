export { BfdAgent, type BfdAgentOptions, type BfdChange } from "./bfd-agent.ts";
export { sessionConfigOf, type BfdPeer, type BfdProfile } from "./profile.ts";
export type { BfdStatus } from "./thread-messages.ts";
