import { spawn } from "node:child_process";
import { once } from "node:events";

/** What happens to the routes of a namespace's kernel, a line each. */
export class KernelRoutes implements AsyncDisposable {
  readonly #process;
  #text = "";

  constructor(neighbour: string) {
    this.#process = spawn("ip", ["-n", neighbour, "-o", "monitor", "route"], { stdio: ["ignore", "pipe", "ignore"] });
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => (this.#text += text));
  }

  deletions(address: string): string[] {
    return this.#text.split("\n").filter((line) => line.startsWith("Deleted") && line.includes(address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
