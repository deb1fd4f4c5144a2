import { Command } from "commander";
import { addAgentCommands } from "./agents.ts";
import { addCrdsCommand } from "./crds.ts";
import { addLabCommands } from "./lab.ts";
import { addLookCommands } from "./look.ts";
import { addMigrateCommand } from "./migrate.ts";
import { addReadyCommand } from "./ready.ts";
import { version } from "./version.ts";

/** Every command that there is. */
export function commandLine(): Command {
  const program = new Command("fairlead")
    .description("Addresses for Kubernetes Services on bare metal, announced by BGP")
    .version(version())
    .showHelpAfterError()
    .enablePositionalOptions();
  addAgentCommands(program);
  addReadyCommand(program);
  addLookCommands(program);
  addMigrateCommand(program);
  addCrdsCommand(program);
  addLabCommands(program);
  return program;
}
