// The tests that need more of a kernel than this machine's may have, or whose machine may lose its power. Not a part of
// `npm test`: they want a kernel of 70 MB and a processor's emulation, and take long.
//   npm run test:vm [-- FILE…]
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "../../setup/build.ts";
import { controlPlanePrograms } from "../../setup/kubernetes.ts";
import { runInVirtualMachine, type VirtualMachineOptions } from "./virtual-machine.ts";

const root = join(import.meta.dirname, "../..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync("test/vm/{guest,host}/*.ts", { cwd: root }).sort();
const argv = ["--test", "--test-reporter=spec"];

/** What a test in `guest` wants of its machine beyond the usual. */
const wants: Readonly<Record<string, () => Promise<Partial<VirtualMachineOptions>>>> = {
  "vrf.ts": async () => ({ modules: ["vrf"] }),
  "kube-proxy-ipvs.ts": async () => {
    await build();
    return {
      inParallel: true,
      memoryMib: 8_192,
      limitMs: 3_600_000,
      env: { KUBEBUILDER_ASSETS: controlPlanePrograms(), FAIRLEAD_LAB_PATIENCE: "30" },
    };
  },
};

for (const file of files) {
  const status = file.includes("vm/guest/") ? await inside(file) : outside(file);
  if (status !== 0) process.exitCode = 1;
}

/** A test that runs in a virtual machine, one for each file. */
async function inside(file: string): Promise<number> {
  const wanted = await wants[basename(file)]?.();
  return runInVirtualMachine([process.execPath, ...argv, file], {
    limitMs: 900_000,
    said: (line) => process.stdout.write(`${line}\n`),
    ...wanted,
  });
}

/** A test that has virtual machines of its own. */
function outside(file: string): number | null {
  return spawnSync(process.execPath, [...argv, file], { cwd: root, stdio: "inherit" }).status;
}
