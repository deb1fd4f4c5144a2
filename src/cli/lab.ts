import { InvalidArgumentError, Option, type Command } from "commander";
import type { ApiChoice, BfdTimes, ClusterChoices, ProxyChoice } from "../lab/index.ts";
import { stories, type StoryKind, type StoryOptions } from "../lab/stories/index.ts";
import { parseDetectionTimes } from "./detection-times.ts";

/** `fairlead lab`: whole networks on one machine. */
export function addLabCommands(program: Command): void {
  const lab = program.command("lab").description("whole networks on this machine, with a real router");

  const run = lab
    .command("run")
    .description("tell a story on a lab that is built for it and taken away after it; status 0 if all was seen");
  for (const story of stories) addStory(run, story);

  withClusterOptions(
    lab
      .command("up")
      .description("build a scenario's network, configured and with its workload, and leave it running")
      .argument("<scenario>", "bgp", scenario),
  ).action(async (_: string, options: ClusterChoices) => {
    const { BgpCluster, manifest } = await import("../lab/index.ts");
    const { renderTour } = await import("./render-tour.ts");
    const cluster = await BgpCluster.up({ ...options, signal: interruption() });
    await cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")]);
    await cluster.lab.leaveRunning();
    process.stdout.write(renderTour(cluster));
    // What runs on belongs to the lab now, and nothing of it keeps this process.
    process.exit(0);
  });

  lab
    .command("down")
    .description("take labs away, also what a crash left of them")
    .argument("[id...]", "all labs of this machine that nobody is at, when left out")
    .action(async (ids: string[]) => {
      const { labs, takeDown } = await import("../lab/index.ts");
      const present = await labs();
      const unknown = ids.find((id) => !present.includes(id));
      if (unknown !== undefined)
        throw new Error(`lab ${unknown}: there is none of this name; there are ${present.join(", ") || "none"}`);
      for (const id of ids.length > 0 ? ids : present) {
        try {
          await takeDown(id);
          process.stdout.write(`lab ${id} is taken away\n`);
        } catch (error) {
          if (ids.length > 0) throw error;
          process.stdout.write(`lab ${id} is left: ${error instanceof Error ? error.message : String(error)}\n`);
        }
      }
    });
}

function addStory(run: Command, { name, about, takes, tell }: StoryKind): void {
  const command = run
    .command(name)
    .description(about)
    .option("--json", "print one object on standard output, and nothing else", false);
  if (takes.bfd !== undefined) command.option("--bfd <times>", takes.bfd, bfdTimes);
  if (takes.faults !== undefined) command.option("--faults <count>", takes.faults, faults);
  withClusterOptions(command).action(async ({ json, ...options }: StoryOptions & { readonly json: boolean }) => {
    const { liveAudience, renderReport } = await import("./render-story.ts");
    const report = await tell(liveAudience(json ? process.stderr : process.stdout), options, interruption());
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : renderReport(report));
    process.exitCode = report.ok ? 0 : 1;
  });
}

function faults(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1_000) throw new InvalidArgumentError("must be 1 to 1000");
  return count;
}

/** What every lab's cluster can be made of. */
function withClusterOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--api <which>", "the embedded API server, or Kubernetes' own control plane")
        .choices(["embedded", "kubernetes"] satisfies ApiChoice[])
        .default("embedded"),
    )
    .addOption(
      new Option(
        "--proxy <which>",
        "who takes Services' traffic to pods; kube-proxy and kube-proxy-ipvs need --api kubernetes",
      )
        .choices(["fairlead", "kube-proxy", "kube-proxy-ipvs"] satisfies ProxyChoice[])
        .default("fairlead"),
    )
    .option("--image <folder>", "an OCI layout: Fairlead runs on its files, and not on these");
}

/** Aborted by Ctrl-C and SIGTERM: what was built is taken away then. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => controller.abort(new Error(`interrupted by ${signal}`)));
  }
  return controller.signal;
}

function bfdTimes(text: string): BfdTimes {
  const times = parseDetectionTimes(text);
  if (times === undefined) throw new InvalidArgumentError("must be such as 300x3 or 50x3");
  return times;
}

function scenario(text: string): string {
  if (text !== "bgp") throw new InvalidArgumentError("must be bgp");
  return text;
}
