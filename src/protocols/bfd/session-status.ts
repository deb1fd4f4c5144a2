import type { Diagnostic, SessionState } from "./packet.ts";

export interface StateChange {
  readonly state: SessionState;
  readonly previous: SessionState;
  /** Why, as we see it. */
  readonly diagnostic: Diagnostic;
  /** `admin-down`: the neighbour's operator has ended the session, which says nothing of the path (RFC 5882 §3.2). */
  readonly remoteState: SessionState;
  /** On the session's clock. */
  readonly atMs: number;
}

export interface SessionStatus {
  readonly state: SessionState;
  readonly stateSinceMs: number;
  readonly diagnostic: Diagnostic;
  readonly localDiscriminator: number;
  /** 0: nothing has been heard of the neighbour, or not for a detection time. */
  readonly remoteDiscriminator: number;
  readonly remoteState: SessionState;
  readonly remoteDiagnostic?: Diagnostic;
  /** Between two of our packets, before jitter; absent while we send none. */
  readonly transmitIntervalMs?: number;
  /** Silence for so long takes the session down. 0: nothing has been heard yet. */
  readonly detectionTimeMs: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly sendErrors: number;
  readonly timesUp: number;
  readonly timesDown: number;
  /** Of periodic packets while up. */
  readonly transmitIntervals: readonly (readonly [ms: number, count: number])[];
  /** Between two echo packets, before jitter; absent while we send none. */
  readonly echoIntervalMs?: number;
  /** Whether echo packets come back, so that their loss takes the session down. */
  readonly isEchoActive: boolean;
  readonly echoPacketsSent: number;
  /** Of ours, those that came back. */
  readonly echoPacketsReceived: number;
}
