import { Argument, InvalidArgumentError, Option, type Command } from "commander";

export interface LookOptions {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly lbClass?: string;
  readonly output: "text" | "json";
}

/** What looks and changes nothing: what is, why, and what would be, from the plan's reasons and the nodes' reports. */
export function addLookCommands(program: Command): void {
  withLookOptions(program.command("status").description("addresses, announcers and sessions on one screen")).action(
    async (options: LookOptions) => {
      const { statusOf } = await import("./status.ts");
      const { renderStatus } = await import("./render-status.ts");
      const status = statusOf(await look(options));
      print(options, status, renderStatus);
    },
  );

  const service = new Argument("<name>", "namespace/name").argParser((text) => {
    if (!/^[^/]+\/[^/]+$/.test(text)) throw new InvalidArgumentError("must be namespace/name");
    return text;
  });
  const explain = program.command("explain").description("why things are as they are");
  withLookOptions(
    explain.command("service").description("a Service's address, who announces it, who does not, and why"),
  )
    .addArgument(service)
    .action(async (name: string, options: LookOptions) => {
      const { explainService } = await import("./explain-service.ts");
      const { renderExplanation } = await import("./render-explanation.ts");
      print(options, explainService(await look(options), name), renderExplanation);
    });
}

/** How the cluster is reached, and how what was seen is to be told. */
export function withLookOptions(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "how to reach the API server; $KUBECONFIG, or ~/.kube/config where there is none")
    .option("--namespace <name>", "where the metallb.io resources are", "metallb-system")
    .option("--lb-class <name>", "as the controller and the agents have it")
    .addOption(new Option("-o, --output <format>").choices(["text", "json"]).default("text"));
}

export async function clientOf({ kubeconfig }: LookOptions) {
  const { Client, loadKubeconfig } = await import("../kubernetes/client/index.ts");
  return new Client(await loadKubeconfig({ path: kubeconfig, env: process.env }));
}

async function look(options: LookOptions) {
  const { readSnapshot } = await import("../snapshot/index.ts");
  return await readSnapshot(await clientOf(options), {
    namespace: options.namespace,
    loadBalancerClass: options.lbClass,
  });
}

export function print<Value>(options: LookOptions, value: Value, render: (value: Value) => string): void {
  process.stdout.write(options.output === "json" ? `${JSON.stringify(value, undefined, 2)}\n` : render(value));
}
