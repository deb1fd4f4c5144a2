import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { enterOwnNamespace } from "../interop/namespaces.ts";
import { build } from "../../setup/build.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const { version } = (await import("../../package.json", { with: { type: "json" } })).default;

let elsewhere = "";

before(async () => {
  await build();
  elsewhere = await mkdtemp(join(tmpdir(), "fairlead-package-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", elsewhere], { cwd: root });
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  await writeFile(join(elsewhere, "package.json"), JSON.stringify({ type: "module" }));
  const archive = join(elsewhere, packed?.filename ?? "");
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", archive], { cwd: elsewhere });
});

after(async () => {
  await rm(elsewhere, { recursive: true, force: true });
});

test("the package, installed elsewhere, runs by its name", async () => {
  const { stdout } = await run(join(elsewhere, "node_modules/.bin/fairlead"), ["--version"]);
  assert.equal(stdout, `${version}\n`);
});

test("kubectl finds it as a plugin", async () => {
  const { stdout } = await run(join(elsewhere, "node_modules/.bin/kubectl-fairlead"), ["--version"]);
  assert.equal(stdout, `${version}\n`);
});

test("what it exports can be imported, and has types", async () => {
  const program = `
    import { plan } from "fairlead";
    import { Speaker, tcpTransport } from "fairlead/bgp";
    const decided = plan({ configuration: undefined, namespaces: [], nodes: [], services: [], endpointSlices: [], held: [] });
    const count: number = decided.allocations.size;
    process.stdout.write(\`\${count} \${typeof Speaker} \${typeof tcpTransport.dial}\`);
  `;
  await writeFile(join(elsewhere, "program.ts"), program);
  const { stdout } = await run(process.execPath, ["program.ts"], { cwd: elsewhere });
  assert.equal(stdout, "0 function function");
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--skipLibCheck",
    "--types",
    "node",
    "--typeRoots",
    join(root, "node_modules/@types"),
  ];
  await copyFile(join(root, "examples/bgp.ts"), join(elsewhere, "bgp.ts"));
  await run(join(root, "node_modules/.bin/tsc"), [...options, "program.ts", "bgp.ts"], { cwd: elsewhere });
});

test("the example of fairlead/bgp tells its neighbour its prefixes, and withdraws them when it is interrupted", async () => {
  await copyFile(join(root, "examples/bgp.ts"), join(elsewhere, "bgp.ts"));
  enterOwnNamespace();
  for (const address of ["10.0.0.1/32", "10.0.0.2/32"]) await run("ip", ["address", "add", address, "dev", "lo"]);
  const start = (...args: readonly string[]) => {
    const child = spawn(process.execPath, ["bgp.ts", ...args], {
      cwd: elsewhere,
      stdio: ["ignore", "pipe", "inherit"],
    });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  };
  const one = start("10.0.0.1", "65001", "10.0.0.2", "65002", "192.0.2.0/24");
  const other = start("10.0.0.2", "65002", "10.0.0.1", "65001", "198.51.100.0/24");
  try {
    await said(one.lines, "+ 198.51.100.0/24");
    await said(other.lines, "+ 192.0.2.0/24");
    one.child.kill("SIGINT");
    await said(other.lines, "- 192.0.2.0/24");
    await said(other.lines, "the example was interrupted");
    if (one.child.exitCode === null) await once(one.child, "exit");
    assert.equal(one.child.exitCode, 0);
  } finally {
    one.child.kill("SIGKILL");
    other.child.kill("SIGKILL");
  }
});

test("publint finds nothing to complain about", async () => {
  await run(join(root, "node_modules/.bin/publint"), ["--strict", "--level", "suggestion"], { cwd: root });
});

/** Reads on until a line has these words. */
async function said(lines: AsyncIterator<string>, words: string): Promise<void> {
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (next.value.includes(words)) return;
  }
  assert.fail(`it ended without saying "${words}"`);
}
