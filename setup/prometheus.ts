// For the tests of what the chart gives Prometheus: the definitions of its operator's kinds, from its Go module, and
// promtool, from Debian's package of Prometheus. Neither is installed, and each is fetched once.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { downloadedModule } from "./kubernetes/go-module.ts";
import { programCache } from "./kubernetes/go-programs.ts";
import { newEnoughGo } from "./kubernetes/go-toolchain.ts";

const operator = {
  module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
  sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
};

/** The folder with the CustomResourceDefinitions of monitoring.coreos.com, a file each. */
export function prometheusOperatorDefinitions(): string {
  const go = newEnoughGo(programCache, say);
  return join(downloadedModule(go, operator.module, operator.sum), "example/prometheus-operator-crd");
}

/**
 * The path of promtool. Built from its Go module it would cost 1.7 GB of modules, the clients of every cloud that
 * Prometheus can ask for what to scrape; Debian's package is 19 MB.
 */
export function promtool(): string {
  const program = join(programCache, "promtool");
  if (!existsSync(program)) unpack(program);
  return program;
}

function unpack(program: string): void {
  say("unpacking promtool from Debian's package of Prometheus");
  mkdirSync(dirname(program), { recursive: true });
  const scratch = mkdtempSync(`${program}-`);
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { cwd: scratch, stdio: ["ignore", "ignore", "inherit"] });
  try {
    // apt's own user cannot write to this folder, and would warn about it.
    run("apt-get", "-o", "APT::Sandbox::User=root", "download", "prometheus");
    const [archive = ""] = readdirSync(scratch);
    run("dpkg-deb", "-x", archive, "unpacked");
    renameSync(join(scratch, "unpacked/usr/bin/promtool"), program);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stderr.write(`prometheus: ${line}\n`);
}
