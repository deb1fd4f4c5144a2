import { DetectionTimer } from "./detection-timer.ts";
import { EchoFunction, type EchoPorts } from "./echo-function.ts";
import type { EchoPacket } from "./echo-packet.ts";
import { afterSilence, neighbourOf, unheardNeighbour } from "./neighbour.ts";
import { encodeControlPacket, type ControlPacket, type Diagnostic, type SessionState } from "./packet.ts";
import { PeriodicTransmission } from "./periodic-transmission.ts";
import { PollSequence } from "./poll-sequence.ts";
import type { SessionParameters } from "./session-parameters.ts";
import type { SessionStatus, StateChange } from "./session-status.ts";
import { transition } from "./state-machine.ts";

export interface SessionPorts extends EchoPorts {
  /** False if the packet could not be sent; it is then lost like any other. */
  readonly send: (bytes: Uint8Array) => boolean;
  /** Whether echo packets of the neighbour find their way back now, so that we may tell it to send some. */
  readonly loopsEcho: () => boolean;
}

/** RFC 5880 §6.8.3: while a session is not up, or where echo packets watch the path, packets go no faster than this. */
const slowIntervalMs = 1_000;

/** One session in asynchronous mode (RFC 5880 §6): its own variables have the names of §6.8.1 without `bfd.`. */
export class Session {
  readonly #ports: SessionPorts;
  readonly #changed: (change: StateChange) => void;
  readonly localDiscriminator: number;
  readonly #poll = new PollSequence();
  readonly #transmission: PeriodicTransmission;
  readonly #detection: DetectionTimer;
  readonly #echo: EchoFunction;
  #parameters: SessionParameters;

  #sessionState: SessionState = "down";
  #stateSince: number;
  #localDiag: Diagnostic = "none";
  #neighbour = unheardNeighbour;

  /** What §6.8.3 lets count: of a change for the slower or the more frequent, only once the neighbour knows. */
  #transmitIntervalInUseMs: number;
  #receiveIntervalInUseMs: number;
  #sent = 0;
  #received = 0;
  #sendErrors = 0;
  #timesUp = 0;
  #timesDown = 0;

  constructor(
    ports: SessionPorts,
    localDiscriminator: number,
    parameters: SessionParameters,
    changed: (change: StateChange) => void,
  ) {
    this.#ports = ports;
    this.#changed = changed;
    this.localDiscriminator = localDiscriminator;
    this.#parameters = parameters;
    this.#stateSince = ports.clock.now();
    this.#transmitIntervalInUseMs = this.#desiredMinTxMs;
    this.#receiveIntervalInUseMs = parameters.receiveIntervalMs;
    this.#transmission = new PeriodicTransmission(ports, () => this.#transmit());
    this.#detection = new DetectionTimer(ports, () => this.#failed("detection-time-expired"));
    this.#echo = new EchoFunction(ports, localDiscriminator, {
      begun: () => this.#echoBegun(),
      failed: () => this.#failed("echo-failed"),
    });
  }

  start(): void {
    this.#updateTimes();
  }

  /** Takes part in the protocol no more, without a word. */
  stop(): void {
    this.#transmission.stop();
    this.#detection.stop();
    this.#echo.stop();
  }

  get state(): SessionState {
    return this.#sessionState;
  }

  get detectionTimeMs(): number {
    return this.#neighbour.detectMultiplier * Math.max(this.#receiveIntervalInUseMs, this.#neighbour.minTxMs);
  }

  /** Changes the session as it runs: it stays up, and the neighbour hears of it in a Poll Sequence (§6.8.3). */
  update(parameters: SessionParameters): void {
    const { detectMultiplier, echoIntervalMs } = this.#parameters;
    const before = { transmitMs: this.#desiredMinTxMs, receiveMs: this.#requiredMinRxMs };
    this.#parameters = parameters;
    this.#echo.set(this.#echoIntervalMs(), parameters.detectMultiplier);
    const intervalsChanged = before.transmitMs !== this.#desiredMinTxMs || before.receiveMs !== this.#requiredMinRxMs;
    if (intervalsChanged) this.#intervalsChanged();
    this.#updateTimes();
    const othersChanged =
      detectMultiplier !== parameters.detectMultiplier || echoIntervalMs !== parameters.echoIntervalMs;
    if (intervalsChanged || othersChanged) this.#transmit();
  }

  /** RFC 5880 §6.8.16. The session goes on telling so until it is stopped. */
  disable(): void {
    if (this.#sessionState === "admin-down") return;
    this.#setState("admin-down", "administratively-down");
    this.#transmit();
  }

  enable(): void {
    if (this.#sessionState !== "admin-down") return;
    this.#setState("down", "none");
    this.#transmit();
  }

  /** A packet that was selected for this session: RFC 5880 §6.8.6 from there on, in its order. */
  receive(packet: ControlPacket): "session.authentication-not-in-use" | "session.admin-down" | undefined {
    if (packet.authentication !== undefined) return "session.authentication-not-in-use";
    this.#received++;
    this.#neighbour = neighbourOf(packet);
    if (packet.final && this.#poll.finalReceived()) this.#applyIntervals();
    if (this.#sessionState === "admin-down") {
      this.#updateTimes();
      return "session.admin-down";
    }
    const next = transition(this.#sessionState, packet.state);
    if (next !== undefined) this.#setState(next.state, next.diagnostic);
    this.#updateTimes();
    if (packet.poll) this.#send({ final: true });
    if (next !== undefined) this.#transmit();
    this.#detection.heard();
    return undefined;
  }

  /** One of our echo packets has come back. */
  receiveEcho(packet: EchoPacket): void {
    this.#echo.receive(packet);
  }

  get status(): SessionStatus {
    const { intervalMs, intervals } = this.#transmission;
    const { intervalMs: echoIntervalMs, isActive, packetsSent, packetsReceived } = this.#echo;
    return {
      state: this.#sessionState,
      stateSinceMs: this.#stateSince,
      diagnostic: this.#localDiag,
      localDiscriminator: this.localDiscriminator,
      remoteDiscriminator: this.#neighbour.discriminator,
      remoteState: this.#neighbour.state,
      ...(this.#neighbour.diagnostic === undefined ? {} : { remoteDiagnostic: this.#neighbour.diagnostic }),
      ...(intervalMs === undefined ? {} : { transmitIntervalMs: intervalMs }),
      detectionTimeMs: this.detectionTimeMs,
      packetsSent: this.#sent,
      packetsReceived: this.#received,
      sendErrors: this.#sendErrors,
      timesUp: this.#timesUp,
      timesDown: this.#timesDown,
      transmitIntervals: intervals.entries(),
      ...(echoIntervalMs === undefined ? {} : { echoIntervalMs }),
      isEchoActive: isActive,
      echoPacketsSent: packetsSent,
      echoPacketsReceived: packetsReceived,
    };
  }

  get #desiredMinTxMs(): number {
    const { transmitIntervalMs } = this.#parameters;
    return this.#sessionState === "up" ? transmitIntervalMs : Math.max(transmitIntervalMs, slowIntervalMs);
  }

  /** §6.8.3: where echo packets watch the path, control packets need not come often. */
  get #requiredMinRxMs(): number {
    const { receiveIntervalMs } = this.#parameters;
    return this.#echo.isActive ? Math.max(receiveIntervalMs, slowIntervalMs) : receiveIntervalMs;
  }

  #failed(diagnostic: "detection-time-expired" | "echo-failed"): void {
    const wasAlive = this.#sessionState === "init" || this.#sessionState === "up";
    // §6.8.1: of a neighbour that is silent for so long nothing is known any more.
    if (diagnostic === "detection-time-expired") this.#forgetNeighbour();
    if (wasAlive) this.#setState("down", diagnostic);
    this.#updateTimes();
    if (wasAlive) this.#transmit();
  }

  #forgetNeighbour(): void {
    this.#neighbour = afterSilence(this.#neighbour);
    this.#poll.abandon();
  }

  /** The neighbour may be asked for fewer control packets now. */
  #echoBegun(): void {
    this.#intervalsChanged();
    this.#updateTimes();
    this.#transmit();
  }

  #setState(state: SessionState, diagnostic: Diagnostic): void {
    const previous = this.#sessionState;
    this.#sessionState = state;
    this.#stateSince = this.#ports.clock.now();
    this.#localDiag = diagnostic;
    if (state === "up") this.#timesUp++;
    if (previous === "up") this.#timesDown++;
    this.#echo.set(this.#echoIntervalMs(), this.#parameters.detectMultiplier);
    if (state === "up" || previous === "up") this.#intervalsChanged();
    this.#updateTimes();
    this.#changed({ state, previous, diagnostic, remoteState: this.#neighbour.state, atMs: this.#stateSince });
  }

  /** §6.8.3: the neighbour hears of it by a Poll Sequence; until it answers, we send and expect the safer of both. */
  #intervalsChanged(): void {
    if (this.#neighbour.discriminator !== 0) this.#poll.request();
    if (this.#sessionState !== "up" || !this.#poll.isPending) return this.#applyIntervals();
    this.#transmitIntervalInUseMs = Math.min(this.#transmitIntervalInUseMs, this.#desiredMinTxMs);
    this.#receiveIntervalInUseMs = Math.max(this.#receiveIntervalInUseMs, this.#requiredMinRxMs);
  }

  #applyIntervals(): void {
    this.#transmitIntervalInUseMs = this.#desiredMinTxMs;
    this.#receiveIntervalInUseMs = this.#requiredMinRxMs;
  }

  #updateTimes(): void {
    const wasActive = this.#echo.isActive;
    this.#echo.set(this.#echoIntervalMs(), this.#parameters.detectMultiplier);
    if (wasActive && !this.#echo.isActive) this.#intervalsChanged();
    this.#transmission.set(this.#periodicIntervalMs(), this.#parameters.detectMultiplier);
    this.#detection.setDetectionTime(this.detectionTimeMs);
  }

  /** §6.8.7: how often, and when not at all. */
  #periodicIntervalMs(): number | undefined {
    if (this.#isSilent || this.#neighbour.minRxMs === 0) return undefined;
    const bothUp = this.#sessionState === "up" && this.#neighbour.state === "up";
    if (this.#neighbour.isInDemandMode && bothUp && !this.#poll.isPending) return undefined;
    return Math.max(this.#transmitIntervalInUseMs, this.#neighbour.minRxMs);
  }

  /** §6.8.9: how often, and when not at all. */
  #echoIntervalMs(): number | undefined {
    const { echoIntervalMs } = this.#parameters;
    if (echoIntervalMs === undefined || this.#sessionState !== "up" || this.#neighbour.minEchoRxMs === 0)
      return undefined;
    return Math.max(echoIntervalMs, this.#neighbour.minEchoRxMs);
  }

  get #isSilent(): boolean {
    return this.#parameters.passive && this.#neighbour.discriminator === 0;
  }

  /** A packet of the periodic ones, now. */
  #transmit(): void {
    if (this.#isSilent) return;
    this.#send({ final: false });
    this.#poll.packetSent();
    this.#transmission.sent(this.#sessionState === "up" && this.#neighbour.state === "up");
  }

  #send({ final }: { readonly final: boolean }): void {
    const { detectMultiplier, echoIntervalMs = 0 } = this.#parameters;
    const isSent = this.#ports.send(
      encodeControlPacket({
        state: this.#sessionState,
        diagnostic: this.#localDiag,
        poll: !final && this.#poll.isPolling,
        final,
        controlPlaneIndependent: false,
        demand: false,
        detectMultiplier,
        myDiscriminator: this.localDiscriminator,
        yourDiscriminator: this.#neighbour.discriminator,
        desiredMinTxUs: Math.round(this.#desiredMinTxMs * 1_000),
        requiredMinRxUs: Math.round(this.#requiredMinRxMs * 1_000),
        requiredMinEchoRxUs: this.#ports.loopsEcho() ? Math.round(echoIntervalMs * 1_000) : 0,
      }),
    );
    if (isSent) this.#sent++;
    else this.#sendErrors++;
  }
}
