// Sets the machine up and runs one of the project's scripts with the project's own Node.
//   node setup/run.mjs SCRIPT [ARG…]
// Plain JavaScript for any Node from 20 on, for it runs before anything is installed.
import { spawn } from "node:child_process";
import { setUp, projectNode, root } from "./set-up.mjs";
import { delimiter, dirname, join } from "node:path";

try {
  setUp();
} catch (error) {
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exit(1);
}

const [script, ...args] = process.argv.slice(2);
const child = spawn(projectNode, [script.startsWith("/") ? script : join(root, script), ...args], {
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: [dirname(projectNode), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  // A terminal's Ctrl-C reaches the child by itself; it decides when all is cleaned up.
  process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
}
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
});
