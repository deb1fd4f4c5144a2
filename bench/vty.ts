import { connect } from "node:net";
import { join } from "node:path";
import type { Frr } from "../test/interop/frr.ts";

/** bgpd's own socket: a command with a zero after it, an answer with three zeros and a status. Cheaper than vtysh. */
export class Vty implements Disposable {
  readonly #socket;
  #answer = "";
  #answered: ((answer: string) => void) | undefined;

  constructor(frr: Frr) {
    this.#socket = connect({ path: join(frr.folder, "bgpd.vty") });
    this.#socket.on("data", (data) => {
      this.#answer += data.toString("latin1");
      if (!this.#answer.slice(0, -1).endsWith("\0\0\0")) return;
      this.#answered?.(this.#answer.replaceAll(/\s/g, ""));
      this.#answer = "";
    });
  }

  /** What a command prints, without any white space; one command at a time. */
  ask(command: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#answered = resolve;
    this.#socket.write(`${command}\0`);
    return promise;
  }

  /** The state of the one peer, and how many prefixes it has announced. */
  async peer(): Promise<{ readonly established: boolean; readonly prefixes: number }> {
    const summary = await this.ask("show bgp ipv4 unicast summary json");
    const prefixes = Number(/"pfxRcd":(\d+)/.exec(summary)?.[1] ?? 0);
    return { established: summary.includes('"state":"Established"'), prefixes };
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
