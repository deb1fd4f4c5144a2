// The tests that need a kernel with everything, in a virtual machine.
//   npm run test:vm [-- FILE…]
import { globSync } from "node:fs";
import { join } from "node:path";
import { runInVirtualMachine } from "./virtual-machine.ts";

const root = join(import.meta.dirname, "../..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync("test/vm/guest/*.ts", { cwd: root }).sort();

process.exitCode = await runInVirtualMachine([process.execPath, "--test", "--test-reporter=spec", ...files], {
  modules: ["vrf"],
  limitMs: 900_000,
  said: (line) => process.stdout.write(`${line}\n`),
});
