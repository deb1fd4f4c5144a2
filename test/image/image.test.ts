import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, stat, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { architectures } from "../../setup/image/contents.ts";
import { BgpCluster, containerArgv, manifest, unpackImage, until, type ContainerImage } from "../../src/lab/index.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const { version } = (await import("../../package.json", { with: { type: "json" } })).default;
const sources = ["src", "setup", ".npmrc", "CHANGELOG.md", "LICENSE", "README.md", "package.json", "package-lock.json"];
const settings = ["tsconfig.json", "tsconfig.build.json"];

let elsewhere = "";
let image: ContainerImage;

before(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), "fairlead-image-test-"));
});

after(async () => {
  await rm(elsewhere, { recursive: true, force: true });
});

/** The project's files as a clone has them, in a folder of their own. */
async function clone(name: string): Promise<string> {
  const folder = join(elsewhere, name);
  await mkdir(folder);
  for (const each of [...sources, ...settings]) {
    await cp(join(root, each), join(folder, each), {
      recursive: true,
      filter: (path) => !path.includes("node_modules"),
    });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** The digest that the build prints. */
async function built(folder: string, output: string, ...under: readonly string[]): Promise<string> {
  const argv = [...under, process.execPath, join(folder, "setup/image.ts"), "--output", join(elsewhere, output)];
  const [file = "", ...args] = argv;
  const { stdout } = await run(file, args, { cwd: folder });
  return /sha256:[0-9a-f]{64}$/.exec(stdout.trim())?.[0] ?? stdout;
}

async function blob<Value>(digest: string): Promise<Value> {
  return JSON.parse(await readFile(join(elsewhere, "image/blobs", digest.replace(":", "/")), "utf8")) as Value;
}

test("two builds in two folders, at two dates, in two time zones and under two umasks have one digest", async () => {
  const [one, other] = [await clone("one"), await clone("other")];
  const first = await built(one, "image");
  await run("chmod", ["-R", "go-rwx", other]);
  const differently = 'umask 077; export TZ=Asia/Kathmandu LC_ALL=C.UTF-8 DONT_FAKE_MONOTONIC=1; exec faketime "$@"';
  const second = await built(other, "again", "sh", "-c", differently, "sh", "2031-02-03 04:05:06");
  assert.match(first, /^sha256:/);
  assert.equal(second, first);
  await run("diff", ["--recursive", join(elsewhere, "image"), join(elsewhere, "again")]);
});

test("both architectures have the same files", async () => {
  const entry = JSON.parse(await readFile(join(elsewhere, "image/index.json"), "utf8")) as Manifests;
  const { manifests } = await blob<Manifests>(entry.manifests[0]!.digest);
  assert.deepEqual(
    manifests.map((each) => each.platform?.architecture),
    architectures,
  );
  const [amd64, arm64] = await Promise.all(manifests.map(({ digest }) => filesOf(digest)));
  assert.ok(amd64!.includes("usr/bin/node") && amd64!.length > 300);
  assert.deepEqual(arm64, amd64);
});

test("the program runs on the image's own files, which have no shell and all libraries that something is linked with", async () => {
  image = await unpackImage(join(elsewhere, "image"), join(elsewhere, "unpacked"));
  const [file = "", ...args] = containerArgv(image, { args: ["--version"], capabilities: [], volume: elsewhere });
  assert.equal((await run(file, args)).stdout, `${version}\n`);
  assert.ok(!existsSync(join(image.rootFolder, "bin/sh")));
  const koffi = "/usr/lib/fairlead/node_modules/@koromix/koffi-linux-x64/linux_x64/koffi.node";
  const nftables = "/usr/lib/x86_64-linux-gnu/libnftables.so.1";
  for (const linked of ["/usr/bin/node", "/usr/sbin/conntrack", "/bin/ip", nftables, koffi]) {
    const { stdout } = await run("chroot", [image.rootFolder, "/lib64/ld-linux-x86-64.so.2", "--list", linked]);
    assert.doesNotMatch(stdout, /not found/, linked);
  }
});

test("controller and agents run on the image's own files in the lab, the agents as pods of their kubelets, and announce", async () => {
  const cluster = await BgpCluster.up({ image: join(elsewhere, "image") });
  try {
    await cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")]);
    await until("every agent's pod is ready", async () => {
      const { items } = await cluster.json<Pods>(["get", "pods", "--namespace", "metallb-system"]);
      return items.length === 3 && items.every((pod) => pod.status.containerStatuses?.every((each) => each.ready));
    });
    const rootFolder = join(cluster.lab.folder, "image/rootfs");
    // A container is ready when its process is there: on its own root it is a moment later.
    await until("one controller and three agents have the image's root", async () => {
      return (await commandsWithRoot(rootFolder)).sort().join() === "controller,node,node,node";
    });
    await until("the switch has the Service's route by all nodes", async () => {
      const route = await cluster.lab.exec("switch", ["ip", "route", "show", "172.19.100.1"]);
      return route.match(/nexthop/g)?.length === 3;
    });
  } finally {
    await cluster.lab.down();
  }
});

interface Manifests {
  readonly manifests: readonly { readonly digest: string; readonly platform?: { readonly architecture: string } }[];
}

interface Pods {
  readonly items: readonly {
    readonly status: { readonly containerStatuses?: readonly { readonly ready: boolean }[] };
  }[];
}

/** What a manifest's layers hold, without the names that differ between processors. */
async function filesOf(digest: string): Promise<string[]> {
  const { layers } = await blob<{ readonly layers: readonly { readonly digest: string }[] }>(digest);
  const lists = await Promise.all(
    layers.map(async (layer) => {
      const archive = zstdDecompressSync(
        await readFile(join(elsewhere, "image/blobs", layer.digest.replace(":", "/"))),
      );
      const listing = run("tar", ["--list"], { maxBuffer: 2 ** 24 });
      listing.child.stdin?.end(archive);
      return (await listing).stdout.trim().split("\n");
    }),
  );
  const common = (path: string) =>
    path
      .replaceAll(/(x86_64|aarch64)-linux-gnu/g, "TRIPLET")
      .replaceAll(/linux[-_](x64|arm64)/g, "PLATFORM")
      .replace(/^lib(64\/|\/)ld-linux.*/, "LINK")
      .replace(/ld-linux-[^/]+$/, "LOADER");
  return [...new Set(lists.flat().map(common))].filter((path) => path !== "lib64/").sort();
}

/** What Fairlead is told to be, in each process whose root is `folder`. */
async function commandsWithRoot(folder: string): Promise<string[]> {
  const wanted = await stat(folder);
  const found = await Promise.all(
    (await readdir("/proc")).map(async (pid) => {
      if (!/^\d+$/.test(pid)) return [];
      // By what it is: the name of a root in another mount namespace depends on who asks.
      const root = await stat(`/proc/${pid}/root/`).catch(() => undefined);
      if (root?.ino !== wanted.ino || root.dev !== wanted.dev) return [];
      const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      return argv.filter((each) => each === "controller" || each === "node").slice(0, 1);
    }),
  );
  return found.flat();
}
