import { DetectionTimer, type DetectionPorts } from "./detection-timer.ts";
import { encodeEchoPacket, type EchoPacket } from "./echo-packet.ts";
import { PeriodicTransmission, type TransmissionPorts } from "./periodic-transmission.ts";

export interface EchoPorts extends DetectionPorts, TransmissionPorts {
  /** False if the packet could not be sent. */
  readonly sendEcho: (bytes: Uint8Array) => boolean;
}

export interface EchoEvents {
  /** The first packet has come back: from now on a loss of them is noticed. */
  readonly begun: () => void;
  /** As many as the detect multiplier says have not come back. */
  readonly failed: () => void;
}

/**
 * The Echo function (RFC 5880 §6.4, §6.8.8, §6.8.9): packets to ourselves by way of the neighbour, whose forwarding plane
 * sends them back. It is active once the first has come back. Before that nothing can have failed: a neighbour that says
 * that it loops, and on which a filter drops what it would loop, is watched by control packets alone, at their full rate.
 */
export class EchoFunction {
  readonly #ports: EchoPorts;
  readonly #discriminator: number;
  readonly #events: EchoEvents;
  readonly #transmission: PeriodicTransmission;
  readonly #detection: DetectionTimer;
  readonly #nonce: number;
  #intervalMs: number | undefined;
  #isActive = false;
  #sequenceNumber = 0;
  #lastReturned = 0;
  #sent = 0;
  #received = 0;

  constructor(ports: EchoPorts, discriminator: number, events: EchoEvents) {
    this.#ports = ports;
    this.#discriminator = discriminator;
    this.#events = events;
    this.#nonce = Math.floor(ports.random() * 2 ** 32);
    this.#transmission = new PeriodicTransmission(ports, () => this.#transmit());
    this.#detection = new DetectionTimer(ports, () => this.#expired());
  }

  /** Whether packets come back; the neighbour's control packets may then come more slowly (§6.8.3). */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** Between two packets, before jitter; `undefined` while none are sent. */
  get intervalMs(): number | undefined {
    return this.#intervalMs;
  }

  get packetsSent(): number {
    return this.#sent;
  }

  get packetsReceived(): number {
    return this.#received;
  }

  /** `undefined`: no echo packets. */
  set(intervalMs: number | undefined, detectMultiplier: number): void {
    if (intervalMs === undefined) return this.stop();
    const isSame = intervalMs === this.#intervalMs;
    this.#intervalMs = intervalMs;
    this.#transmission.set(intervalMs, detectMultiplier);
    this.#detection.setDetectionTime(intervalMs * detectMultiplier);
    // The last came at another rate: what is due now is counted from now.
    if (!isSame && this.#isActive) this.#detection.heard();
  }

  /** One that has come back. One that comes twice, or from before the last that came, says nothing of the path now. */
  receive({ sequenceNumber, nonce }: EchoPacket): void {
    if (this.#intervalMs === undefined || nonce !== this.#nonce) return;
    const ahead = (sequenceNumber - this.#lastReturned) >>> 0; // numbers wrap
    if (ahead === 0 || ahead > (this.#sequenceNumber - this.#lastReturned) >>> 0) return;
    this.#lastReturned = sequenceNumber;
    this.#received++;
    this.#detection.heard();
    if (this.#isActive) return;
    this.#isActive = true;
    this.#events.begun();
  }

  stop(): void {
    if (this.#intervalMs === undefined) return;
    this.#intervalMs = undefined;
    this.#isActive = false;
    this.#transmission.set(undefined, 1);
    this.#detection.stop();
  }

  #transmit(): void {
    this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0;
    const packet = { discriminator: this.#discriminator, sequenceNumber: this.#sequenceNumber, nonce: this.#nonce };
    if (this.#ports.sendEcho(encodeEchoPacket(packet))) this.#sent++;
    this.#transmission.sent(false);
  }

  #expired(): void {
    this.stop();
    this.#events.failed();
  }
}
