import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { installDebianPackages } from "../../setup/set-up.mjs";
import { debianKernel, type Kernel } from "./kernel.ts";

export interface VirtualMachineOptions {
  /** Kernel modules to load first. */
  readonly modules?: readonly string[];
  /** Where the command runs, on the host's path. Default: the project. */
  readonly folder?: string;
  /** Default 4,096. */
  readonly memoryMib?: number;
  /** When the machine is switched off, whatever it does. */
  readonly limitMs: number;
  /** Takes what the command writes, line by line. */
  readonly said: (line: string) => void;
}

const root = join(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache/fairlead/vm");

/**
 * Runs a command as root under Debian's own kernel, with all its modules, in a virtual machine on two emulated processors:
 * for what this machine's kernel may lack (VRF, IPVS, VLAN, netem). It sees this machine's files as they are; what it
 * writes goes to memory and is gone afterwards. It has no network but what the command makes in it. Returns the command's
 * exit status.
 *
 * Emulation costs a factor of ten or so, but needs nothing of the host. With FAIRLEAD_VM_ACCELERATOR=kvm in the
 * environment it is the host's KVM instead.
 */
export async function runInVirtualMachine(
  command: readonly string[],
  { modules = [], folder = root, memoryMib = 4_096, limitMs, said }: VirtualMachineOptions,
): Promise<number> {
  if (process.arch !== "x64") throw new Error(`the virtual machine runs on x64 alone, and this is ${process.arch}`);
  installDebianPackages(join(import.meta.dirname, "debian-packages.txt"));
  const kernel = await debianKernel(cache);
  const job = await mkdtemp(join(tmpdir(), "fairlead-vm-"));
  try {
    await writeFile(join(job, "job.sh"), jobScript(command, modules, folder, kernel.modules));
    const machine = spawn("qemu-system-x86_64", machineArguments(kernel, job, memoryMib), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const limit = setTimeout(() => machine.kill("SIGKILL"), limitMs);
    const lines = createInterface({ input: machine.stdout }).on("line", (line) => said(line.replace(/\r$/, "")));
    createInterface({ input: machine.stderr }).on("line", said);
    await Promise.all([once(machine, "exit"), once(lines, "close")]);
    clearTimeout(limit);
    const status = await readFile(join(job, "status"), "utf8").catch(() => undefined);
    if (status === undefined) throw new Error(`the virtual machine ended before the command did; limit ${limitMs} ms`);
    return Number(status);
  } finally {
    await rm(job, { recursive: true, force: true });
  }
}

/** Its console is our standard output; the host's root and the job's folder are shared with it. */
function machineArguments({ image, initialRamDisk }: Kernel, job: string, memoryMib: number): string[] {
  const accelerator = process.env["FAIRLEAD_VM_ACCELERATOR"] ?? "tcg,thread=multi";
  const options: Record<string, readonly string[]> = {
    accel: [accelerator],
    cpu: ["max"],
    smp: ["2"],
    m: [String(memoryMib)],
    nic: ["none"],
    display: ["none"],
    monitor: ["none"],
    serial: ["stdio"],
    kernel: [image],
    initrd: [initialRamDisk],
    append: ["console=ttyS0 quiet loglevel=1 panic=-1"],
    virtfs: [
      "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
      `local,path=${job},mount_tag=job,security_model=none`,
    ],
  };
  const named = Object.entries(options).flatMap(([name, values]) => values.flatMap((value) => [`-${name}`, value]));
  return ["-no-reboot", ...named];
}

function jobScript(
  command: readonly string[],
  modules: readonly string[],
  folder: string,
  kernelModules: string,
): string {
  return `export PATH=${quoted(process.env["PATH"] ?? "")}:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /lib/modules /run/netns
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 none /sys/fs/cgroup
mount --bind ${quoted(kernelModules)} /lib/modules
ip link set lo up
for module in ${modules.map(quoted).join(" ")}; do modprobe "$module"; done
cd ${quoted(folder)}
(${command.map(quoted).join(" ")})
echo $? > /run/job/status
sync
busybox poweroff -f
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
