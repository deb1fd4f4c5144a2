#!/usr/bin/env node
import { Command } from "commander";
import { addAgentCommands } from "./agents.ts";
import { addCrdsCommand } from "./crds.ts";
import { addLabCommands } from "./lab.ts";
import { addLookCommands } from "./look.ts";
import { addMigrateCommand } from "./migrate.ts";
import { version } from "./version.ts";

const program = new Command("fairlead")
  .description("Addresses for Kubernetes Services on bare metal, announced by BGP")
  .version(version())
  .showHelpAfterError()
  .enablePositionalOptions();

addAgentCommands(program);
addLookCommands(program);
addMigrateCommand(program);
addCrdsCommand(program);
addLabCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`fairlead: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
