import { sameAddress } from "../../net/index.ts";
import type { Clock, Timer } from "../clock/index.ts";
import { pathKey, resolveSessions, type ResolvedSessionConfig, type SessionConfig } from "./config.ts";
import { decodeEchoPacket } from "./echo-packet.ts";
import { decodeControlPacket, type PacketError } from "./packet.ts";
import { Session } from "./session.ts";
import type { SessionStatus, StateChange } from "./session-status.ts";
import { TransportError, type Channel, type Datagram, type EchoChannel, type Transport } from "./transport.ts";

export interface SystemPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  /** From 0 up to 1; default `Math.random`. */
  readonly random?: () => number;
}

/** Why a packet that came in was dropped (RFC 5880 §6.8.6, RFC 5881 §5, RFC 5883 §5). */
export type DiscardReason =
  | PacketError
  | "session.unknown"
  | "session.ttl-too-low"
  | "session.authentication-not-in-use"
  | "session.admin-down";

export interface NamedStateChange extends StateChange {
  readonly name: string;
}

export interface NamedSessionStatus extends SessionStatus {
  readonly name: string;
  /** Why there is no socket to send by. */
  readonly channelError?: string;
  /** Why there are no echo packets, though they are asked for. */
  readonly echoError?: string;
}

export interface SystemStatus {
  readonly sessions: readonly NamedSessionStatus[];
  readonly discarded: Readonly<Partial<Record<DiscardReason, number>>>;
}

interface Member {
  config: ResolvedSessionConfig;
  readonly session: Session;
  channel?: Channel;
  channelError?: string | undefined;
  channelRetry?: Timer;
  echo?: EchoChannel | undefined;
  echoError?: string | undefined;
  /** Set while the session says its goodbye: it is wanted no more. */
  leaving?: Timer | undefined;
}

const channelRetryMs = 1_000;
/** By then it has been said some times. The detection time that it takes otherwise may be days, if the neighbour likes. */
const longestGoodbyeMs = 5_000;

/** All the BFD sessions of one machine: makes and ends them, and finds which a packet belongs to. */
export class BfdSystem {
  readonly #ports: SystemPorts & { readonly random: () => number };
  readonly #changed: (change: NamedStateChange) => void;
  /** By path; those that leave included. */
  readonly #members = new Map<string, Member>();
  readonly #byDiscriminator = new Map<number, Member>();
  readonly #discarded: Partial<Record<DiscardReason, number>> = {};

  constructor(ports: SystemPorts, changed: (change: NamedStateChange) => void) {
    this.#ports = { random: Math.random, ...ports };
    this.#changed = changed;
  }

  /** Throws a `TransportError` if a port is taken. */
  listen(): void {
    this.#ports.transport.listen((datagram) => this.#receive(datagram));
  }

  /**
   * Makes `configs` all the sessions there are. One whose parameters change stays up; one whose path changes is ended, and
   * another begun. Throws `RangeError`, and changes nothing, where one is impossible or two share a name or a path.
   */
  setSessions(configs: readonly SessionConfig[]): void {
    const wanted = new Map(resolveSessions(configs).map((config) => [pathKey(config.path), config]));
    for (const [key, member] of this.#members) {
      if (!wanted.has(key) && member.leaving === undefined) this.#leave(key, member);
    }
    for (const [key, config] of wanted) {
      const member = this.#members.get(key);
      if (member === undefined) this.#add(key, config);
      else this.#keep(member, config);
    }
  }

  get status(): SystemStatus {
    const wanted = [...this.#members.values()].filter((member) => member.leaving === undefined);
    const sessions = wanted.map(({ config, session, channelError, echoError }) => ({
      name: config.name,
      ...session.status,
      ...(channelError === undefined ? {} : { channelError }),
      ...(echoError === undefined ? {} : { echoError }),
    }));
    return { sessions, discarded: { ...this.#discarded } };
  }

  /**
   * Tells every neighbour that its session ends by intent, so that nobody takes it for a failure, and calls `done` when
   * the last had time to hear it.
   */
  stop(done: () => void): void {
    this.setSessions([]);
    const wait = () => {
      if (this.#members.size > 0) return void this.#ports.clock.setTimer(10, wait);
      this.#ports.transport.close();
      return done();
    };
    wait();
  }

  #add(key: string, config: ResolvedSessionConfig): void {
    const { clock, random, transport } = this.#ports;
    const ports = {
      clock,
      random,
      deliverPending: () => transport.deliverPending(),
      send: (bytes: Uint8Array) => member.channel?.send(bytes) ?? false,
      sendEcho: (bytes: Uint8Array) => member.echo?.send(bytes) ?? false,
      loopsEcho: () => member.echo?.loopsTheirs ?? false,
    };
    const session = new Session(ports, this.#newDiscriminator(), config.parameters, (change) => {
      if (change.state !== "up") this.#closeEcho(member);
      this.#changed({ name: member.config.name, ...change });
    });
    const member: Member = { config, session };
    this.#members.set(key, member);
    this.#byDiscriminator.set(session.localDiscriminator, member);
    this.#openChannel(member);
    session.start();
  }

  #keep(member: Member, config: ResolvedSessionConfig): void {
    const isRenamed = member.config.name !== config.name;
    member.config = config;
    member.session.update(config.parameters);
    if (member.leaving !== undefined) {
      member.leaving.cancel();
      member.leaving = undefined;
      member.session.enable();
    }
    if (isRenamed) this.#introduce(member);
  }

  /** Of a session that has another name nobody knows yet that it is not down. */
  #introduce({ config: { name }, session }: Member): void {
    const { state, diagnostic, remoteState, stateSinceMs } = session.status;
    if (state !== "down") this.#changed({ name, state, previous: "down", diagnostic, remoteState, atMs: stateSinceMs });
  }

  /** RFC 5880 §6.8.16: AdminDown is told for a detection time; then all is forgotten. */
  #leave(key: string, member: Member): void {
    const { session } = member;
    const isHeard = session.state === "up" || session.state === "init";
    const goodbyeMs = isHeard ? Math.min(session.detectionTimeMs, longestGoodbyeMs) : 0;
    session.disable();
    member.leaving = this.#ports.clock.setTimer(goodbyeMs, () => {
      session.stop();
      this.#closeEcho(member);
      member.channelRetry?.cancel();
      member.channel?.close();
      this.#members.delete(key);
      this.#byDiscriminator.delete(session.localDiscriminator);
    });
  }

  /** Tries again while the address or link is missing, or another program has the port. */
  #openChannel(member: Member): void {
    try {
      member.channel = this.#ports.transport.open(member.config.path);
      member.channelError = undefined;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      member.channelError = error.message;
      member.channelRetry = this.#ports.clock.setTimer(channelRetryMs, () => this.#openChannel(member));
    }
  }

  #newDiscriminator(): number {
    let value = Math.floor(this.#ports.random() * 0xffffffff) + 1;
    while (this.#byDiscriminator.has(value)) value = value === 0xffffffff ? 1 : value + 1;
    return value;
  }

  #receive(datagram: Datagram): void {
    const reason = this.#discardReason(datagram);
    if (reason !== undefined) this.#discarded[reason] = (this.#discarded[reason] ?? 0) + 1;
  }

  #discardReason(datagram: Datagram): DiscardReason | undefined {
    // RFC 5881 §5: before anything else is looked at.
    if (datagram.hops === "single" && datagram.ttl !== 255) return "session.ttl-too-low";
    const packet = decodeControlPacket(datagram.bytes);
    if (typeof packet === "string") return packet;
    const { yourDiscriminator } = packet;
    const member = yourDiscriminator === 0 ? this.#memberAt(datagram) : this.#byDiscriminator.get(yourDiscriminator);
    if (member === undefined || member.config.path.hops !== datagram.hops) return "session.unknown";
    // RFC 5880 §6.3 goes by the discriminator alone. But a packet of many hops may come from anywhere (RFC 5883 §5).
    if (datagram.hops === "multi" && !sameAddress(member.config.path.remoteAddress, datagram.source))
      return "session.unknown";
    if (datagram.ttl < member.config.minimumTtl) return "session.ttl-too-low";
    if (member.config.parameters.echoIntervalMs === undefined) this.#closeEcho(member);
    else if (member.echo === undefined && member.session.state === "up") this.#openEcho(member, datagram);
    return member.session.receive(packet);
  }

  /** Where the neighbour is to be found is known from its packets: the link that they come by, and the address they are for. */
  #openEcho(member: Member, { destination, interface: link }: Datagram): void {
    const { remoteAddress } = member.config.path;
    const path = { remoteAddress, localAddress: destination, interface: link };
    try {
      member.echo = this.#ports.transport.openEcho(path, (bytes) => this.#receiveEcho(bytes));
      member.echoError = undefined;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      member.echoError = error.message;
    }
  }

  #closeEcho(member: Member): void {
    member.echo?.close();
    member.echo = undefined;
    member.echoError = undefined;
  }

  #receiveEcho(bytes: Uint8Array): void {
    const packet = decodeEchoPacket(bytes);
    if (packet !== undefined) this.#byDiscriminator.get(packet.discriminator)?.session.receiveEcho(packet);
  }

  /** RFC 5881 §3, RFC 5883 §3: a neighbour that does not know us yet is known by where it is. */
  #memberAt({ hops, source, destination, interface: link, vrf }: Datagram): Member | undefined {
    for (const member of this.#members.values()) {
      if (member.leaving !== undefined) continue;
      const { path } = member.config;
      if (path.hops !== hops || path.vrf !== vrf || !sameAddress(path.remoteAddress, source)) continue;
      if (path.localAddress !== undefined && !sameAddress(path.localAddress, destination)) continue;
      if (path.interface === undefined || path.interface === link) return member;
    }
    return undefined;
  }
}
