import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { build } from "../../setup/build.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const { version } = (await import("../../package.json", { with: { type: "json" } })).default;

let elsewhere = "";

before(async () => {
  build();
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
    import { Speaker } from "fairlead/bgp";
    const decided = plan({ configuration: undefined, namespaces: [], nodes: [], services: [], endpointSlices: [], held: [] });
    const count: number = decided.allocations.size;
    process.stdout.write(\`\${count} \${typeof Speaker}\`);
  `;
  await writeFile(join(elsewhere, "program.ts"), program);
  const { stdout } = await run(process.execPath, ["program.ts"], { cwd: elsewhere });
  assert.equal(stdout, "0 function");
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
  await run(join(root, "node_modules/.bin/tsc"), [...options, "program.ts"], { cwd: elsewhere });
});

test("publint finds nothing to complain about", async () => {
  await run(join(root, "node_modules/.bin/publint"), ["--strict", "--level", "suggestion"], { cwd: root });
});
