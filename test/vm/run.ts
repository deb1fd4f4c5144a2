// The tests that need more of a kernel than this machine's may have, in a virtual machine. Not a part of `npm test`: they
// want a kernel of 70 MB and a processor's emulation, and take some minutes.
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
