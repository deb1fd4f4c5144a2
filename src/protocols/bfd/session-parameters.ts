/** What a session may change while it runs. */
export interface SessionParameters {
  /** How often we want to send, once the session is up. */
  readonly transmitIntervalMs: number;
  /** How often we can bear to receive. */
  readonly receiveIntervalMs: number;
  /** After how many of our packets missing the neighbour shall call us down. */
  readonly detectMultiplier: number;
  /** Say nothing until the neighbour has spoken. */
  readonly passive: boolean;
  /**
   * How often we want to send echo packets, and can bear to loop the neighbour's back (RFC 5880 §6.4); `undefined`: we do
   * neither.
   */
  readonly echoIntervalMs: number | undefined;
}
