import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Generation } from "./generation.ts";
import { libnftables, outputFlags } from "./libnftables.ts";
import { NftablesError } from "./nftables-error.ts";

/**
 * The kernel's packet filter, in the network namespace of this process. All commands of one `run` take effect at once
 * or not at all; runs are done one after the other, off the main thread.
 *
 * A library and not the program `nft`: that reads no commands from Node (whose pipes are sockets), and starting it
 * costs more than most transactions.
 */
export class Nftables {
  readonly #context: unknown;
  readonly #generation = new Generation();
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor() {
    const library = libnftables();
    this.#context = library.create(0);
    library.bufferOutput(this.#context);
    library.bufferErrors(this.#context);
  }

  /** Runs commands in the language of nft(8), one a line. Throws `NftablesError`. */
  async run(commands: string): Promise<void> {
    await this.#enqueue(commands, 0);
  }

  /** Runs a command that lists, and gives the objects of libnftables-json(5) that it listed. Throws `NftablesError`. */
  async list(command: string): Promise<readonly unknown[]> {
    const output = await this.#enqueue(command, outputFlags.json | outputFlags.numeric);
    const parsed: unknown = JSON.parse(output);
    if (typeof parsed !== "object" || parsed === null || !("nftables" in parsed) || !Array.isArray(parsed.nftables)) {
      throw new TypeError(`nftables: a listing without "nftables": ${output.slice(0, 80)}`);
    }
    return parsed.nftables;
  }

  /**
   * What a command lists, as nft(8) writes it, without the elements of sets and maps. For rules: libnftables 1.0.6 writes
   * not all of them as JSON, and complains of that on standard error. Throws `NftablesError`.
   */
  async listText(command: string): Promise<string> {
    return this.#enqueue(command, outputFlags.numeric | outputFlags.terse);
  }

  /** How many transactions there were in this network namespace, ours and others'. */
  generation(): number {
    return this.#generation.read();
  }

  /** Waits for what runs, and gives the memory back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last;
    this.#generation.close();
    libnftables().free(this.#context);
  }

  #enqueue(commands: string, flags: number): Promise<string> {
    if (this.#closed) throw new Error("nftables: closed");
    const done = this.#last.then(() => this.#runNow(commands, flags));
    this.#last = done.catch(() => undefined);
    return done;
  }

  #runNow(commands: string, flags: number): Promise<string> {
    const library = libnftables();
    library.setOutputFlags(this.#context, flags);
    return new Promise((resolve, reject) => {
      library.run(this.#context, commands, (error, status) => {
        const output = library.output(this.#context);
        const complaint = library.errors(this.#context);
        if (error !== null) reject(error);
        else if (status !== 0) reject(new NftablesError(commands, this.#complaintWithLine(commands) ?? complaint));
        else resolve(output);
      });
    });
  }

  /** Complaints about a buffer name no line, those about a file do: the commands are tried again, dry, from a file. */
  #complaintWithLine(commands: string): string | undefined {
    const library = libnftables();
    const folder = mkdtempSync(join(tmpdir(), "fairlead-nft-"));
    try {
      const file = join(folder, "transaction");
      writeFileSync(file, commands);
      library.setDryRun(this.#context, true);
      const status = library.runFile(this.#context, file);
      library.output(this.#context);
      const complaint = library.errors(this.#context);
      return status === 0 ? undefined : complaint;
    } finally {
      library.setDryRun(this.#context, false);
      rmSync(folder, { recursive: true });
    }
  }
}
