import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A flow as connection tracking holds it, that nothing but time would end: where its client sends, and who answers or
 * ought to. One of UDP, or one of TCP whose SYN was not answered yet.
 */
export interface OpenFlow {
  readonly protocol: FlowProtocol;
  readonly family: 4 | 6;
  readonly destination: string;
  readonly destinationPort: number;
  /** The same as the destination where it is not translated. */
  readonly answerer: string;
  readonly answererPort: number;
}

export type FlowProtocol = "TCP" | "UDP";

/** A table of 100,000 flows is listed in some 20 MB. */
const maxListingBytes = 1 << 28;

/** A connection that is established, or on its way to be, is none of ours: its two ends know of each other. */
const selection: Readonly<Record<FlowProtocol, readonly string[]>> = {
  TCP: ["-p", "tcp", "--state", "SYN_SENT"],
  UDP: ["-p", "udp"],
};

/** The kernel's connection tracking, in the network namespace of this process, by the program conntrack(8). */
export class Conntrack {
  /** All open flows of a protocol and family, or those to one destination. */
  async openFlows(
    protocol: FlowProtocol,
    family: 4 | 6,
    to: { readonly address: string; readonly port: number } | undefined,
    signal?: AbortSignal,
  ): Promise<OpenFlow[]> {
    const filter = to === undefined ? [] : ["--orig-dst", to.address, "--orig-port-dst", String(to.port)];
    const { stdout } = await conntrack(["-L", "-f", `ipv${family}`, ...selection[protocol], ...filter], signal);
    return stdout.split("\n").flatMap((line) => parseFlow(protocol, family, line) ?? []);
  }

  /** Forgets all flows like this one: the next packet of each is taken for a new flow's first. */
  async forget(flow: OpenFlow, signal?: AbortSignal): Promise<void> {
    const to = ["--orig-dst", flow.destination, "--orig-port-dst", String(flow.destinationPort)];
    const from = ["--reply-src", flow.answerer, "--reply-port-src", String(flow.answererPort)];
    await conntrack(["-D", "-f", `ipv${flow.family}`, ...selection[flow.protocol], ...to, ...from], signal);
  }
}

async function conntrack(args: readonly string[], signal: AbortSignal | undefined): Promise<{ stdout: string }> {
  try {
    return await run("conntrack", args, { maxBuffer: maxListingBytes, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    // It ends with status 1 also where it found no flow.
    if (error instanceof Error && "stderr" in error && /\b0 flow entries\b/.test(String(error.stderr))) {
      return { stdout: "" };
    }
    throw error;
  }
}

/** `udp 17 29 src=A dst=B sport=1 dport=2 [UNREPLIED] src=C dst=D sport=3 dport=4 …`: the second half is the answer. */
function parseFlow(protocol: FlowProtocol, family: 4 | 6, line: string): OpenFlow | undefined {
  const values = (name: string) => [...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, "g"))].map((match) => match[1]);
  const [, answerer] = values("src");
  const [destination] = values("dst");
  const [, answererPort] = values("sport");
  const [destinationPort] = values("dport");
  if (answerer === undefined || destination === undefined) return undefined;
  return {
    protocol,
    family,
    destination,
    destinationPort: Number(destinationPort),
    answerer,
    answererPort: Number(answererPort),
  };
}
