import { formatAddress } from "../../net/index.ts";
import { SocketError } from "../../linux/libc/index.ts";
import { TransportError, type EchoChannel, type EchoPath } from "../../protocols/bfd/index.ts";
import { EchoLink } from "./echo-link.ts";
import { EchoReflector } from "./echo-reflector.ts";

/** The echo packets of all sessions: sockets are there for as long as a session needs them. */
export class EchoLinks {
  /** By link and family. */
  readonly #links = new Map<string, EchoLink>();
  #reflector: EchoReflector | undefined;

  /** Throws a `TransportError`. `received` gets what comes back, of whichever session. */
  open(path: EchoPath, received: (payload: Uint8Array) => void): EchoChannel {
    const { remoteAddress, localAddress } = path;
    const { family } = localAddress;
    if (family === 6 && localAddress.value >> 118n === 0x3fan) {
      const why = `no echo packets by ${formatAddress(localAddress)}: nobody forwards a link-local address`;
      throw new TransportError("EADDRNOTAVAIL", why);
    }
    try {
      const link = this.#link(path, received);
      if (family === 6) (this.#reflector ??= new EchoReflector()).add(remoteAddress);
      link.users++;
      return {
        send: (payload) => link.send(localAddress, remoteAddress, payload),
        loopsTheirs: link.forwards,
        close: () => this.#release(link, path),
      };
    } catch (error) {
      this.#closeUnused();
      if (error instanceof SocketError) throw new TransportError(error.code, error.message);
      throw error;
    }
  }

  readPending(): void {
    for (const link of this.#links.values()) link.readPending();
  }

  #link(path: EchoPath, received: (payload: Uint8Array) => void): EchoLink {
    const { family } = path.localAddress;
    const key = `${path.interface} IPv${family}`;
    const link = this.#links.get(key) ?? new EchoLink(path.interface, family, received);
    this.#links.set(key, link);
    return link;
  }

  #release(link: EchoLink, { remoteAddress }: EchoPath): void {
    link.forget(remoteAddress);
    link.users--;
    if (remoteAddress.family === 6) this.#reflector?.delete(remoteAddress);
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#reflector?.isIdle === true) {
      this.#reflector.close();
      this.#reflector = undefined;
    }
    for (const [key, link] of this.#links) {
      if (link.users > 0) continue;
      link.close();
      this.#links.delete(key);
    }
  }
}
