import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { installDebianPackages } from "../../setup/set-up.mjs";
import { debianKernel, type Kernel } from "./kernel.ts";

export interface VirtualMachineOptions {
  /** Kernel modules to load first, beside those that the kernel loads by itself. */
  readonly modules?: readonly string[];
  /** Where the command runs, on the host's path. Default: the project. */
  readonly folder?: string;
  /** Default 4,096. */
  readonly memoryMib?: number;
  /**
   * Emulates both processors at a time, which is faster by a third. With QEMU 7.2, four of 30 starts of Node.js on
   * TypeScript died of it, in V8's "Check failed: it->second.Size() > offset" or of a segmentation fault, and none of 22
   * with one processor after the other. Default: false.
   */
  readonly inParallel?: boolean;
  /** Variables that the command finds in its environment, beside `PATH` and `HOME`. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file that is its disk, an ext4 file system, and where that is mounted. */
  readonly disk?: { readonly file: string; readonly mountedAt: string };
  /** A port of the host's 127.0.0.1 that leads to the same port of the machine. Without one it has no network. */
  readonly port?: number;
  /** When the machine is switched off, whatever it does. */
  readonly limitMs: number;
  /** Takes what the command writes, line by line. */
  readonly said: (line: string) => void;
}

const root = join(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache/fairlead/vm");

/** Where the machine has the folder that it shares with the host. */
export const sharedInside = "/run/job";

/** The addresses of QEMU's own network. */
const network = { own: "10.0.2.15/24", host: "10.0.2.2" };

/**
 * Debian's own kernel, with all its modules, in a virtual machine on two emulated processors: for what this machine's
 * kernel may lack (VRF, IPVS, VLAN, netem), and for what this machine must not lose. It runs a command as root. It sees
 * this machine's files as they are; what it writes goes to memory and is gone afterwards, but for its disk's and what is
 * in the shared folder. It reaches no network but what the command makes in it.
 *
 * Emulation costs a factor of ten or so, but needs nothing of the host. With FAIRLEAD_VM_ACCELERATOR=kvm in the
 * environment it is the host's KVM instead.
 */
export class VirtualMachine implements AsyncDisposable {
  /** The folder that it shares with the host, on the host's path. It goes with the machine. */
  readonly shared: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(shared: string, process: ChildProcess, ended: Promise<unknown>) {
    this.shared = shared;
    this.#process = process;
    this.#ended = ended;
  }

  /** Switches a machine on, which runs the command and switches itself off. */
  static async boot(command: readonly string[], options: VirtualMachineOptions): Promise<VirtualMachine> {
    if (process.arch !== "x64") throw new Error(`the virtual machine runs on x64 alone, and this is ${process.arch}`);
    installDebianPackages(join(import.meta.dirname, "debian-packages.txt"));
    const kernel = await debianKernel(cache);
    const shared = await mkdtemp(join(tmpdir(), "fairlead-vm-"));
    await writeFile(join(shared, "job.sh"), jobScript(command, options, kernel.modules));
    const machine = spawn("qemu-system-x86_64", machineArguments(kernel, shared, options), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const limit = setTimeout(() => machine.kill("SIGKILL"), options.limitMs);
    const { said } = options;
    const lines = createInterface({ input: machine.stdout }).on("line", (line) => said(line.replace(/\r$/, "")));
    createInterface({ input: machine.stderr }).on("line", said);
    const ended = Promise.all([once(machine, "exit"), once(lines, "close")]).finally(() => clearTimeout(limit));
    return new VirtualMachine(shared, machine, ended);
  }

  /** Resolves with the command's exit status when the machine has switched itself off. */
  async ended(): Promise<number> {
    await this.#ended;
    const status = await readFile(join(this.shared, "status"), "utf8").catch(() => undefined);
    if (status === undefined) throw new Error("the virtual machine ended before its command did");
    return Number(status);
  }

  /** Whatever it does, and whatever its kernel has not yet written to its disk, is gone. */
  async cutPower(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
    await rm(this.shared, { recursive: true, force: true });
  }
}

/** Runs a command in a virtual machine of its own and resolves with its exit status. */
export async function runInVirtualMachine(command: readonly string[], options: VirtualMachineOptions): Promise<number> {
  await using machine = await VirtualMachine.boot(command, options);
  return await machine.ended();
}

/** Its console is our standard output; the host's root and the shared folder are given to it. */
function machineArguments(
  { image, initialRamDisk }: Kernel,
  shared: string,
  { memoryMib = 4_096, disk, port, inParallel = false }: VirtualMachineOptions,
): string[] {
  const accelerator = process.env["FAIRLEAD_VM_ACCELERATOR"] ?? `tcg,thread=${inParallel ? "multi" : "single"}`;
  const options: Record<string, readonly string[]> = {
    accel: [accelerator],
    cpu: ["max"],
    smp: ["2"],
    m: [String(memoryMib)],
    nic: [port === undefined ? "none" : `user,model=virtio,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:${port}`],
    display: ["none"],
    monitor: ["none"],
    serial: ["stdio"],
    kernel: [image],
    initrd: [initialRamDisk],
    append: ["console=ttyS0 quiet loglevel=1 panic=-1"],
    drive: disk === undefined ? [] : [`file=${disk.file},format=raw,if=virtio,cache=writeback`],
    virtfs: [
      "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
      `local,path=${shared},mount_tag=job,security_model=none`,
    ],
  };
  const named = Object.entries(options).flatMap(([name, values]) => values.flatMap((value) => [`-${name}`, value]));
  return ["-no-reboot", ...named];
}

function jobScript(
  command: readonly string[],
  { modules = [], folder = root, env = {}, disk, port }: VirtualMachineOptions,
  kernelModules: string,
): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  const mount = disk && ["modprobe virtio_blk", `mkdir -p ${disk.mountedAt}`, `mount /dev/vda ${disk.mountedAt}`];
  const connect = port !== undefined && [
    "modprobe virtio_net",
    `ip address add ${network.own} dev eth0`,
    "ip link set eth0 up",
    `ip route add default via ${network.host}`,
  ];
  return `export PATH=${quoted(process.env["PATH"] ?? "")}:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root ${variables.join(" ")}
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /lib/modules /run/netns
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 none /sys/fs/cgroup
# /tmp and /run are the guest's own: a checkout that the host has there is put there.
if [ ! -d ${quoted(root)} ]; then
  mkdir -p ${quoted(root)} /run/host
  mount --bind / /run/host
  mount --bind /run/host${quoted(root)} ${quoted(root)}
fi
mount --bind ${quoted(kernelModules)} /lib/modules
ip link set lo up
# Without one, Kubernetes makes labels of "(none)".
hostname fairlead-vm
for module in ${modules.map(quoted).join(" ")}; do modprobe "$module"; done
${[...(mount || []), ...(connect || [])].join("\n")}
cd ${quoted(folder)}
(${command.map(quoted).join(" ")})
echo $? > ${sharedInside}/status
sync
busybox poweroff -f
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
