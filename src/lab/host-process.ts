import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { dirname } from "node:path";
import { LabError } from "./lab-error.ts";
import type { ProcessId } from "./lab-folder.ts";
import { inside, startTimeOf } from "./namespaces.ts";

export interface ProcessSpec {
  /** What it is called in the lab; also the name of its log. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Writes standard output to a file of its own (`NAME.out`), where it is data and no log. */
  readonly separateOutput?: boolean;
  /** Before others that compete for the processor: for what measures time. */
  readonly urgent?: boolean;
  /** Open files that the process gets as 3, 4, …: sockets of another namespace, say. */
  readonly files?: readonly number[];
}

export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that runs inside a namespace, or in the machine's own, with its output in files. It outlives its parent, if the parent wants so. */
export class HostProcess {
  readonly name: string;
  readonly id: ProcessId;
  readonly logFile: string;
  readonly outputFile: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;

  /** Starts `spec` in `namespace`; its log goes to `folder`. Rejects if it cannot be started. */
  static async start(namespace: string | undefined, folder: string, spec: ProcessSpec): Promise<HostProcess> {
    const logFile = `${folder}/${spec.name}.log`;
    const outputFile = spec.separateOutput === true ? `${folder}/${spec.name}.out` : logFile;
    await mkdir(dirname(logFile), { recursive: true });
    const log = await open(logFile, "a");
    const output = spec.separateOutput === true ? await open(outputFile, "a") : log;
    try {
      const [file = "", ...args] = namespace === undefined ? spec.argv : inside(namespace, spec.argv);
      const child = spawn(file, args, {
        stdio: ["ignore", output.fd, log.fd, ...(spec.files ?? [])],
        env: { ...process.env, ...spec.env },
        // A session of its own: Ctrl-C in the terminal is for the lab, which ends its processes in their order.
        detached: true,
      });
      const ended = new Promise<ProcessEnd>((resolve) => {
        child.on("exit", (status, signal) => resolve({ status, signal }));
        child.on("error", () => resolve({ status: 127, signal: null }));
      });
      const { pid } = child;
      const startTime = pid === undefined ? undefined : await startTimeOf(pid);
      if (pid === undefined || startTime === undefined) {
        await ended;
        throw new LabError("lab.processEnded", `${spec.name}: ${spec.argv[0]} could not be started, see ${logFile}`);
      }
      if (spec.urgent === true) setPriority(pid, constants.priority.PRIORITY_HIGH);
      return new HostProcess(spec.name, { pid, startTime }, { logFile, outputFile }, child, ended);
    } finally {
      await log.close();
      if (output !== log) await output.close();
    }
  }

  private constructor(
    name: string,
    id: ProcessId,
    files: { readonly logFile: string; readonly outputFile: string },
    child: ChildProcess,
    ended: Promise<ProcessEnd>,
  ) {
    this.name = name;
    this.id = id;
    this.logFile = files.logFile;
    this.outputFile = files.outputFile;
    this.#child = child;
    this.ended = ended;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** False when it has ended before. */
  send(signal: NodeJS.Signals): boolean {
    return this.running && this.#child.kill(signal);
  }

  /** Asks it to end, and kills it when it has not done so in time: without a word, where there is none. */
  async stop(graceMs = 5000): Promise<ProcessEnd> {
    if (graceMs === 0) return this.kill();
    this.send("SIGTERM");
    const timer = setTimeout(() => this.send("SIGKILL"), graceMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  async kill(): Promise<ProcessEnd> {
    this.send("SIGKILL");
    return this.ended;
  }

  /** Lets the program end although this process still runs. */
  release(): void {
    this.#child.unref();
  }
}
