import { InvalidArgumentError, Option, type Command } from "commander";

/** What all long-running processes are told. */
export interface CommonOptions {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly lbClass?: string;
  readonly port: number;
  readonly podUid?: string;
  readonly logLevel: string;
}

export const defaultPort = 7472;

export function withCommonOptions(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "how to reach the API server; the pod's service account where there is none")
    .option("--namespace <name>", "where the metallb.io resources are", "metallb-system")
    .option("--lb-class <name>", "serve the Services of this loadBalancerClass only")
    .option("--port <port>", "serve /metrics, /healthz and /readyz here; 0 for nowhere", portNumber, defaultPort)
    .addOption(podUidOption("the pod that this runs in: /readyz?pod=UID is answered for it alone"))
    .addOption(new Option("--log-level <level>").choices(["trace", "debug", "info", "warn", "error"]).default("info"));
}

export function podUidOption(description: string): Option {
  return new Option("--pod-uid <uid>", description).env("POD_UID");
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("must be 0 to 65535");
  return port;
}
