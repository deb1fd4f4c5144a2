import type { Command } from "commander";
import { defaultPort, podUidOption, portNumber } from "./agent-options.ts";

interface ReadyOptions {
  readonly port: number;
  readonly podUid?: string;
}

/** Less than a kubelet waits for the probe. */
const limitMs = 4_000;

/**
 * `fairlead ready`: what the startup probe of an agent's pod runs. Two agents of one node have the port in turn, and a
 * kubelet that asks there by itself cannot tell which of them it hears.
 */
export function addReadyCommand(program: Command): void {
  program
    .command("ready")
    .description("ask an agent on this machine whether it does its work: for a startup probe")
    .option("--port <port>", "where it serves /readyz", portNumber, defaultPort)
    .addOption(podUidOption("it is to be this pod's"))
    .action(async ({ port, podUid }: ReadyOptions) => {
      const url = new URL(`http://127.0.0.1:${port}/readyz`);
      if (podUid !== undefined) url.searchParams.set("pod", podUid);
      const answer = await fetch(url, { signal: AbortSignal.timeout(limitMs) }).catch((error: Error) => {
        const { message } = error.cause instanceof Error ? error.cause : error;
        throw new Error(`${url.href}: ${message}; must answer`, { cause: error });
      });
      const said = (await answer.text()).trim();
      if (!answer.ok) throw new Error(`${url.href}: ${answer.status}: ${said}`);
      process.stdout.write(`${said}\n`);
    });
}
