import type { ContainerImage } from "./container-image.ts";

export interface ContainerOptions {
  readonly args: readonly string[];
  /** `NAME=VALUE`, beside the image's own. */
  readonly env?: readonly string[];
  /** What its process may do beyond its files; nothing else. */
  readonly capabilities: readonly string[];
  /** A folder of the machine that the container sees where the machine has it: for what pods are given as volumes. */
  readonly volume: string;
}

/** Before the image's root is the process's own, and before this is given up, it takes these two capabilities. */
const toEnter = ["sys_chroot", "setpcap"];

/** Mounts are in a namespace that ends with the process. The image's own files cannot be written, as in the chart. */
const mounts = [
  "set -e",
  'mkdir -p "$1$2"',
  'mount --bind "$1" "$1"',
  'for each in /proc /sys /dev "$2"; do mount --rbind "$each" "$1$each"; done',
  'mount -o remount,bind,ro "$1"',
  'mount -o remount,bind,ro "$1$2"',
  "shift 2",
  'exec "$@"',
].join("\n");

/**
 * The arguments that run an image's process on the image's files, as what is spawned, in whichever network namespace
 * that is: a container's runtime, as far as Fairlead's containers need one.
 */
export function containerArgv(
  image: ContainerImage,
  { args, env = [], capabilities, volume }: ContainerOptions,
): string[] {
  const kept = [...capabilities, ...toEnter].map((name) => `+${name.toLowerCase()}`);
  const given = toEnter.map((name) => `cap_${name}`).filter((name) => !capabilities.includes(name));
  const [program = "", ...first] = image.entrypoint;
  const enter = ["unshare", "--mount", "--propagation", "private", "--"];
  const mount = ["sh", "-c", mounts, "container", image.rootFolder, volume];
  const clean = ["env", "--ignore-environment", ...image.env, ...env];
  const bound = ["/usr/bin/setpriv", "--no-new-privs", `--bounding-set=-all,${kept.join(",")}`];
  const changeRoot = ["/usr/sbin/capsh", `--chroot=${image.rootFolder}`, `--drop=${given.join(",")}`];
  return [...enter, ...mount, ...clean, ...bound, ...changeRoot, `--shell=${program}`, "--", ...first, ...args];
}
