import { InvalidArgumentError, Option, type Command } from "commander";
import { clientOf, print, withLookOptions, type LookOptions } from "./look.ts";

interface MigrateOptions extends LookOptions {
  readonly go?: boolean;
  readonly back?: boolean;
  readonly node?: readonly string[];
  readonly acceptChanges: boolean;
  readonly timeout: number;
  readonly settle: number;
}

/** `fairlead migrate metallb`: a look; with `--go` and `--back` the way itself. */
export function addMigrateCommand(program: Command): void {
  const migrate = program.command("migrate").description("come from another load balancer, and go back");
  withLookOptions(
    migrate
      .command("metallb")
      .description("what would change, and in which steps; with --go or --back these steps are taken"),
  )
    .addOption(new Option("--go", "move the cluster from MetalLB to Fairlead").conflicts("back"))
    .addOption(new Option("--back", "move the cluster back to MetalLB").conflicts("go"))
    .option("--node <name...>", "move these nodes only; on the way back the controllers stay as they are then")
    .option("--accept-changes", "go although Services change their addresses, or objects are not read", false)
    .option("--timeout <seconds>", "how long a step may take", seconds, 120)
    .option(
      "--settle <seconds>",
      "how long routers are given to use what a node has told them, before the next step",
      seconds,
      5,
    )
    .action(async (options: MigrateOptions) => {
      if (options.go === true) return await moveTo("fairlead", options);
      if (options.back === true) return await moveTo("metallb", options);
      return await lookAt(options);
    });
}

async function lookAt(options: MigrateOptions): Promise<void> {
  const { findInstallation, hindrances, migrationOf, unreadObjects } = await import("../migration/index.ts");
  const { readSnapshot } = await import("../snapshot/index.ts");
  const { renderMigration } = await import("./render-migration.ts");
  const client = await clientOf(options);
  const { namespace, lbClass } = options;
  const whole = { namespace, loadBalancerClass: lbClass, beforeInstallation: true };
  const look = migrationOf(await readSnapshot(client, whole), await unreadObjects(client, namespace));
  const installation = await findInstallation(client, namespace);
  const before = "missing" in installation ? installation.missing : hindrances(installation);
  print(options, { ...look, before }, renderMigration);
}

async function moveTo(to: "fairlead" | "metallb", options: MigrateOptions): Promise<void> {
  const { move } = await import("../migration/index.ts");
  const client = await clientOf(options);
  const { namespace, node: nodes, acceptChanges, timeout, settle } = options;
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort(new Error("interrupted; run the command again to go on")));
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const times = { timeoutMs: timeout * 1000, settleMs: settle * 1000 };
  try {
    await move({ client, say }, { namespace, to, nodes, acceptChanges, ...times }, ended.signal);
  } catch (error) {
    ended.signal.throwIfAborted();
    throw error;
  } finally {
    client.close();
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 86_400) throw new InvalidArgumentError("must be seconds, from 0 to 86400");
  return value;
}
