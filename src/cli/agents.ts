import { hostname } from "node:os";
import { InvalidArgumentError, Option, type Command } from "commander";
import { parsePrefix, type Prefix } from "../net/index.ts";
import { portNumber, withCommonOptions, type CommonOptions } from "./agent-options.ts";
import { parseDetectionTimes, type DetectionTimes } from "./detection-times.ts";

/** `fairlead controller` and `fairlead node`: the processes of a cluster. Each is loaded only when it is run. */
export function addAgentCommands(program: Command): void {
  withCommonOptions(
    program
      .command("controller")
      .description("give Services their addresses: one process a cluster")
      .option(
        "--webhook-port <port>",
        "say here, by HTTPS, what is wrong with pools, peers and the like before they are written; 0 for nowhere",
        portNumber,
        0,
      ),
  ).action(async (options: ControllerCommandOptions) => {
    const { keepProgramSmall } = await import("./small-memory.ts");
    keepProgramSmall();
    const { runAgentProcess } = await import("./agent-process.ts");
    const { controllerMetrics, nothingReserved, runController, warmUpController } =
      await import("../controller/index.ts");
    const { warmUpWhenIdle } = await import("./warm-up-when-idle.ts");
    const { EventRecorder, lead } = await import("../kubernetes/client/index.ts");
    const webhook = options.webhookPort === 0 ? undefined : await import("../webhook/index.ts");
    await runAgentProcess("controller", options, async ({ client, registry, log, signal, port }) => {
      await port.open();
      port.ready();
      const instance = `${hostname()}-${process.pid}`;
      const onFailure = (error: unknown) => log.warn({ error: String(error) }, "the API server did not take it");
      const events = new EventRecorder(client, {
        component: "fairlead-controller",
        instance,
        onFailure,
        perSecond: 25,
      });
      const recording = events.run(signal);
      const metrics = controllerMetrics(registry);
      const { namespace, webhookPort } = options;
      const onLeader = (leader: string) => log.info({ leader, self: instance }, "who leads is known");
      const election = { namespace, name: "fairlead-controller", identity: instance, onFailure, onLeader, ...terms };
      const stopWebhook = await webhook?.startWebhook({ client, log }, { namespace, port: webhookPort });
      const reserved = nothingReserved();
      warmUpWhenIdle(() => warmUpController(log, signal), log, signal);
      const work = async (leading: AbortSignal) => {
        const modules = { client, events, metrics, log, reserved };
        const controller = runController(modules, { namespace, loadBalancerClass: options.lbClass }, leading);
        const certificate = webhook?.keepWebhookCertificate({ client, log }, namespace, leading);
        await Promise.all([controller, certificate]);
      };
      try {
        await lead(client, election, work, signal);
      } finally {
        await stopWebhook?.();
      }
      await recording;
    });
  });

  withCommonOptions(program.command("node").description("announce from this node: one process a node"))
    .addOption(new Option("--node-name <name>", "this machine's Node").env("NODE_NAME").default(hostname()))
    .option("--proxy", "do kube-proxy's work too, with nftables", false)
    .option("--pod-network <prefix...>", "where pods have their addresses, for --proxy", prefixes, [])
    .addOption(
      new Option(
        "--node-detection <times>",
        "with --proxy, leave out endpoints on nodes that fall silent: MILLISECONDSxMULTIPLIER, or off",
      )
        .argParser(detection)
        .default({ intervalMs: 300, multiplier: 3 }, "300x3"),
    )
    .option("--bgp-port <port>", "accept BGP sessions on this port of the node's address; 0 for none", portNumber, 179)
    .option(
      "--graceful-shutdown-ms <ms>",
      "before the withdrawal, when stopped: routers move (RFC 8326)",
      duration,
      500,
    )
    .option("--drain-ms <ms>", "between the withdrawal and the end of the sessions, when stopped", duration, 1_000)
    .option(
      "--trial-ms <ms>",
      "how long a change may take to bring the sessions back that were there",
      duration,
      30_000,
    )
    .action(async (options: NodeCommandOptions) => {
      const { keepMemorySmall } = await import("./small-memory.ts");
      keepMemorySmall();
      const { runAgentProcess } = await import("./agent-process.ts");
      const { nodeMetrics, runNode, Succession, tcpTransport, warmUpNode } = await import("../node/index.ts");
      const { systemClock } = await import("../protocols/clock/index.ts");
      const { warmUpWhenIdle } = await import("./warm-up-when-idle.ts");
      await runAgentProcess("node", options, async ({ client, registry, log, signal, port }) => {
        const metrics = nodeMetrics(registry);
        const succession = await Succession.begin(options.nodeName);
        const { stranger } = succession;
        if (stranger !== undefined)
          log.error({ user: stranger }, "another user listens in an agent's place; no agent can take this one's over");
        const ready = () => {
          port.ready();
          warmUpWhenIdle(() => warmUpNode(log, signal), log, signal);
        };
        const modules = { client, clock: systemClock, transport: tcpTransport, metrics, log, succession, ready };
        const { nodeName, namespace, bgpPort, gracefulShutdownMs, drainMs, trialMs } = options;
        const nodeDetection = options.nodeDetection === "off" ? undefined : options.nodeDetection;
        const proxyFor = options.proxy ? options.podNetwork : undefined;
        const ways = { loadBalancerClass: options.lbClass, proxyFor, nodeDetection, bgpPort, trialMs };
        try {
          // An agent that is to be succeeded has the port until it lets go.
          if (succession.isWaiting)
            succession.freed.then(() => port.open()).catch((error: Error) => log.error(error.message));
          else await port.open();
          await runNode(modules, { nodeName, namespace, ...ways, gracefulShutdownMs, drainMs }, signal);
          port.close();
          await succession.letGo(signal);
        } finally {
          succession.close();
        }
      });
    });
}

/**
 * Shorter than Kubernetes' own: who waits for a dead leader waits for an address. To lead twice for a moment does no
 * harm here (ARCHITECTURE.md, "How an address is given").
 */
const terms = { leaseDurationMs: 5_000, renewDeadlineMs: 3_500, retryMs: 1_000 };

interface ControllerCommandOptions extends CommonOptions {
  readonly webhookPort: number;
}

interface NodeCommandOptions extends CommonOptions {
  readonly nodeName: string;
  readonly proxy: boolean;
  readonly podNetwork: readonly Prefix[];
  readonly nodeDetection: DetectionTimes | "off";
  readonly bgpPort: number;
  readonly gracefulShutdownMs: number;
  readonly drainMs: number;
  readonly trialMs: number;
}

function duration(text: string): number {
  const ms = Number(text);
  if (!/^\d+$/.test(text) || ms > 600_000) throw new InvalidArgumentError("must be milliseconds, from 0 to 600000");
  return ms;
}

/** `off` stays a word: the parser of options takes an undefined value for one that failed. */
function detection(text: string): DetectionTimes | "off" {
  if (text === "off") return text;
  const times = parseDetectionTimes(text);
  if (times === undefined) throw new InvalidArgumentError("must be such as 300x3 or 50x3, or off");
  return times;
}

function prefixes(text: string, before: readonly Prefix[]): readonly Prefix[] {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new InvalidArgumentError("must be a prefix such as 10.233.64.0/18");
  return [...before, prefix];
}
