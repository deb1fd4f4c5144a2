import { InvalidArgumentError, Option, type Command } from "commander";
import type { ApiChoice, BfdTimes, ClusterChoices, ProxyChoice, StoryReport } from "../lab/index.ts";
import { parseDetectionTimes } from "./detection-times.ts";

/** `fairlead lab`: whole networks on one machine. */
export function addLabCommands(program: Command): void {
  const lab = program.command("lab").description("whole networks on this machine, with a real router");

  lab
    .command("run")
    .description("build a scenario's network, tell what is seen in it, and take it away; status 0 if all was seen")
    .argument("<scenario>", "bgp, or rollout: how changes are tried on one node first", story)
    .option("--json", "print one object on standard output, and nothing else", false)
    .option("--bfd <times>", "watch the paths by BFD where resources configure it: MILLISECONDSxMULTIPLIER", bfdTimes)
    .option("--loss-windows", "let nodes die over and over instead, and tell what each death cost clients", false)
    .option("--faults <count>", "how often, for each way to watch nodes", faults, 5)
    .addOption(apiOption())
    .addOption(proxyOption())
    .action(async (name: string, options: RunOptions) => {
      const { tellBgpStory, tellLossWindows, tellRolloutStory } = await import("../lab/index.ts");
      const { liveAudience, renderReport } = await import("./render-story.ts");
      const { renderLossWindows } = await import("./render-loss-windows.ts");
      const interrupted = interruption();
      const audience = liveAudience(options.json ? process.stderr : process.stdout);
      const tell = async <Report extends StoryReport>(told: Promise<Report>, render: (report: Report) => string) => {
        const report = await told;
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : render(report));
        process.exitCode = report.ok ? 0 : 1;
      };
      const choices = { api: options.api, proxy: options.proxy };
      if (name === "rollout") return tell(tellRolloutStory(audience, interrupted, choices), renderReport);
      if (!options.lossWindows)
        return tell(tellBgpStory(audience, interrupted, { ...choices, bfd: options.bfd }), renderReport);
      const detections = options.bfd === undefined ? lossDetections : [undefined, options.bfd];
      return tell(
        tellLossWindows(audience, { ...choices, detections, faults: options.faults }, interrupted),
        renderLossWindows,
      );
    });

  lab
    .command("up")
    .description("build a scenario's network, configured and with its workload, and leave it running")
    .argument("<scenario>", "bgp", scenario)
    .addOption(apiOption())
    .addOption(proxyOption())
    .action(async (_: string, options: ClusterChoices) => {
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

interface RunOptions extends Required<ClusterChoices> {
  readonly json: boolean;
  readonly bfd?: BfdTimes;
  readonly lossWindows: boolean;
  readonly faults: number;
}

/** In how many ways nodes are watched where `--bfd` does not say it. */
const lossDetections = [undefined, { intervalMs: 300, multiplier: 3 }, { intervalMs: 50, multiplier: 3 }];

function faults(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1_000) throw new InvalidArgumentError("must be 1 to 1000");
  return count;
}

function apiOption(): Option {
  return new Option("--api <which>", "the embedded API server, or Kubernetes' own control plane")
    .choices(["embedded", "kubernetes"] satisfies ApiChoice[])
    .default("embedded");
}

function proxyOption(): Option {
  return new Option("--proxy <which>", "who takes Services' traffic to pods; kube-proxy needs --api kubernetes")
    .choices(["fairlead", "kube-proxy"] satisfies ProxyChoice[])
    .default("fairlead");
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

function story(text: string): string {
  if (text !== "bgp" && text !== "rollout") throw new InvalidArgumentError("the scenarios are: bgp, rollout");
  return text;
}

function scenario(text: string): string {
  if (text !== "bgp") throw new InvalidArgumentError("must be bgp");
  return text;
}
