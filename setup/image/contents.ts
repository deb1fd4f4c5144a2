// What of Debian is in the image, and nothing else of it: what Node.js and koffi are linked with, libnftables, and the
// two programs that an agent calls. Of each package just these files, its copyright, and its entry for scanners.

export interface PackageChoice {
  readonly name: string;
  readonly files: readonly RegExp[];
}

/** Shared objects by their names without version, wherever Debian puts them. */
function libraries(...names: readonly string[]): RegExp[] {
  return names.map(
    (name) => new RegExp(`^(usr/)?lib(64)?/([a-z0-9_]+-linux-gnu/)?${name}(-[0-9.]+)?\\.so(\\.[0-9]+)*$`),
  );
}

/** There is no shell among them, and no package manager. */
export const packageChoices: readonly PackageChoice[] = [
  // What scanners take for the name of the distribution.
  { name: "base-files", files: [/^usr\/lib\/os-release$/, /^etc\/os-release$/] },
  // Node.js, with what it and everything else is linked with. Since glibc 2.34 names are resolved without plugins.
  { name: "libc6", files: libraries("ld-linux-[a-z0-9-]+", "libc", "libm", "libdl", "libpthread") },
  { name: "libstdc++6", files: libraries("libstdc\\+\\+") },
  { name: "libgcc-s1", files: libraries("libgcc_s") },
  { name: "libatomic1", files: libraries("libatomic") },
  // The copyright of the three before.
  { name: "gcc-12-base", files: [] },
  // The proxy's rules.
  { name: "libnftables1", files: libraries("libnftables") },
  { name: "libnftnl11", files: libraries("libnftnl") },
  { name: "libmnl0", files: libraries("libmnl") },
  { name: "libxtables12", files: libraries("libxtables") },
  { name: "libjansson4", files: libraries("libjansson") },
  { name: "libgmp10", files: libraries("libgmp") },
  // The flows that the proxy ends.
  { name: "conntrack", files: [/^usr\/sbin\/conntrack$/] },
  { name: "libnetfilter-conntrack3", files: libraries("libnetfilter_conntrack") },
  { name: "libnfnetlink0", files: libraries("libnfnetlink") },
  // The node's gateways, that no pool may hold.
  { name: "iproute2", files: [/^bin\/ip$/] },
  { name: "libbpf1", files: libraries("libbpf") },
  { name: "libelf1", files: libraries("libelf") },
  { name: "zlib1g", files: libraries("libz") },
  { name: "libcap2", files: libraries("libcap") },
  { name: "libbsd0", files: libraries("libbsd") },
  { name: "libmd0", files: libraries("libmd") },
];

export type Architecture = "amd64" | "arm64";

/** As Go and OCI call them, Debian too; npm has names of its own. */
export const npmCpu: Readonly<Record<Architecture, string>> = { amd64: "x64", arm64: "arm64" };

export const architectures: readonly Architecture[] = ["amd64", "arm64"];

/** Files of no package. `nonroot` is who runs, unless the pod says otherwise. */
export const ownFiles: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
  "etc/group": "root:x:0:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/** Where a container's runtime mounts the kernel's file systems, and pods' credentials. */
export const mountPoints: readonly string[] = ["dev", "proc", "sys", "var/run/secrets"];

export const programFolder = "usr/lib/fairlead";

/** There is no env(1) that the package's own first line could call. */
export const launcher = `#!/usr/bin/node\nawait import("/${programFolder}/dist/cli/main.js");\n`;

/**
 * What packages carry and no program reads: types, maps to sources, documents, and what koffi would be built from, or
 * would load on another C library.
 */
export function unneeded(path: string): boolean {
  return (
    /\.(ts|mts|cts|map|yml|cc|hh|h|inc|def|S|asm|zip)$/.test(path) ||
    (/\.(md|html)$/i.test(path) && !/licen[cs]e/i.test(path)) ||
    /(^|\/)(\.bin|\.package-lock\.json|koffi\/(doc|vendor|cnoke\.cjs)|bintrees\/(examples|test)|musl_[a-z0-9]+)(\/|$)/.test(
      path,
    )
  );
}
