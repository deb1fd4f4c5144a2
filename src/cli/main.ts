#!/usr/bin/env node
import { commandLine } from "./command-line.ts";

try {
  await commandLine().parseAsync();
} catch (error) {
  process.stderr.write(`fairlead: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
