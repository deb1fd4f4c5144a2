import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { goEnvironment } from "./go-environment.ts";

/** The folder, in go's module cache, of a module of one version, whose sum is `sum` as sum.golang.org has it. */
export function downloadedModule(go: string, module: string, sum: string | undefined): string {
  const told = execFileSync(go, ["mod", "download", "-json", module], {
    // Not in the project, whose go.mod files are others', and an older go cannot read them.
    cwd: tmpdir(),
    encoding: "utf8",
    env: { ...process.env, ...goEnvironment, GO111MODULE: "on" },
  });
  const { Dir, Sum } = JSON.parse(told) as { Dir: string; Sum: string };
  if (Sum !== sum) throw new Error(`${module} has the sum ${Sum}, and not ${sum ?? "one that is known"}`);
  return Dir;
}
