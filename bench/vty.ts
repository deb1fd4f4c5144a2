import { connect } from "node:net";
import { join } from "node:path";

/** bgpd's own socket: a command with a zero after it, an answer with three zeros and a status. Cheaper than vtysh. */
export class Vty implements Disposable {
  readonly #socket;
  #answer = "";
  #asked: PromiseWithResolvers<string> | undefined;

  /** `folder` is where bgpd has its sockets. */
  constructor({ folder }: { readonly folder: string }) {
    this.#socket = connect({ path: join(folder, "bgpd.vty") });
    this.#socket.on("data", (data) => {
      this.#answer += data.toString("latin1");
      if (!this.#answer.slice(0, -1).endsWith("\0\0\0")) return;
      this.#asked?.resolve(this.#answer.replaceAll(/\s/g, ""));
      this.#answer = "";
    });
    // An interrupt from a terminal ends FRR, too: who waits for an answer must hear of it, to clean up.
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#asked?.reject(new Error("FRR has closed its socket")));
  }

  /** What a command prints, without any white space; one command at a time. */
  ask(command: string): Promise<string> {
    this.#asked = Promise.withResolvers<string>();
    this.#socket.write(`${command}\0`);
    return this.#asked.promise;
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
