import { readFile } from "node:fs/promises";
import type { HostProcess } from "../host-process.ts";
import type { Lab } from "../lab.ts";
import { programArgv } from "../program.ts";
import { parseRequests, type LoadRequest } from "./request.ts";

export interface LoadOptions {
  readonly address: string;
  readonly port: number;
  /** New connections a second. */
  readonly rate: number;
  /** Below 1000: an unanswered SYN is repeated after a second, and the loss of the first would not be seen. */
  readonly timeoutMs: number;
}

/** The client that never tires: new connections all the time, and a record of each. */
export class LoadClient {
  readonly #process: HostProcess;

  private constructor(process: HostProcess) {
    this.#process = process;
  }

  static async start(lab: Lab, host: string, options: LoadOptions): Promise<LoadClient> {
    const process = await lab.run(host, {
      name: `load-client-${options.address}`,
      argv: programArgv("load-client", {
        address: options.address,
        port: String(options.port),
        rate: String(options.rate),
        "timeout-ms": String(options.timeoutMs),
      }),
      separateOutput: true,
      urgent: true,
    });
    return new LoadClient(process);
  }

  /** All requests that are decided so far, in the order in which they were. */
  async requests(): Promise<LoadRequest[]> {
    return parseRequests(await readFile(this.#process.outputFile, "utf8"));
  }

  /** Sends no more, waits until the last is decided. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
