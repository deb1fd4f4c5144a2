import { InvalidArgumentError, type Command } from "commander";
import type { BfdTimes } from "../lab/index.ts";
import { parseDetectionTimes } from "./detection-times.ts";

/** `fairlead lab`: whole networks on one machine. */
export function addLabCommands(program: Command): void {
  const lab = program.command("lab").description("whole networks on this machine, with a real router");

  lab
    .command("run")
    .description("build a scenario's network, tell what is seen in it, and take it away; status 0 if all was seen")
    .argument("<scenario>", "bgp", scenario)
    .option("--json", "print one object on standard output, and nothing else", false)
    .option("--bfd <times>", "watch the paths by BFD where resources configure it: MILLISECONDSxMULTIPLIER", bfdTimes)
    .action(async (_: string, options: { json: boolean; bfd?: BfdTimes }) => {
      const { tellBgpStory } = await import("../lab/index.ts");
      const { liveAudience, renderReport } = await import("./render-story.ts");
      const interrupted = interruption();
      const report = await tellBgpStory(
        liveAudience(options.json ? process.stderr : process.stdout),
        interrupted,
        options.bfd,
      );
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderReport(report));
      process.exitCode = report.ok ? 0 : 1;
    });

  lab
    .command("up")
    .description("build a scenario's network, configured and with its workload, and leave it running")
    .argument("<scenario>", "bgp", scenario)
    .action(async () => {
      const { BgpCluster, manifest } = await import("../lab/index.ts");
      const { renderTour } = await import("./render-tour.ts");
      const cluster = await BgpCluster.up({ signal: interruption() });
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
  if (text !== "bgp") throw new InvalidArgumentError("the scenarios are: bgp");
  return text;
}
