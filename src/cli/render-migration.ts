import type { Migration, NodeMigration } from "../migration/index.ts";

/** A look, with what is to be done before the cluster can be moved. */
export interface MigrationView extends Migration {
  readonly before: readonly string[];
}

export function renderMigration(migration: MigrationView): string {
  const { problems, unread, keeping, changing, silent, unequal, interrupted, nodes, before } = migration;
  const parts = [
    listed("Wrong in the configuration, and to be mended first; no address is given or taken before:", problems),
    listed("Not read by Fairlead, and without effect from then on:", unread),
    `Services that keep their addresses: ${keeping}`,
    listed("Services whose addresses change:", changing.map(changeText)),
    listed(
      "Services that nobody would announce:",
      silent.map(({ service, why }) => `${service}: ${why.join("; ")}`),
    ),
    listed("Routes that would not be equal to MetalLB's:", unequal),
    listed(
      "Services that one node alone announces, and that cannot be reached while it is moved:",
      interrupted.map(({ service, node }) => `${service}: ${node}`),
    ),
    listed(
      "Sessions:",
      nodes.map(({ node, peers }) => `${node}: ${peers.join(", ") || "none"}`),
    ),
    listed("Nodes that are on their way, or there:", nodes.flatMap(placeText)),
    steps(nodes),
    listed("Before fairlead migrate metallb --go can take these steps:", before),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const places = {
  metallb: [],
  both: ["MetalLB and Fairlead announce"],
  none: ["neither MetalLB nor Fairlead announces"],
  fairlead: ["Fairlead announces"],
} as const;

function placeText({ node, announcer }: NodeMigration): string[] {
  return places[announcer].map((each) => `${node}: ${each}`);
}

function changeText({ service, before, after, why }: Migration["changing"][number]): string {
  const text = (addresses: readonly string[]) => addresses.join(", ") || "<none>";
  return `${service}: ${text(before)}, then ${text(after)}: ${why.join("; ")}`;
}

function listed(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [heading, ...lines.map((line) => `  ${line}`)].join("\n");
}

function steps(nodes: readonly NodeMigration[]): string {
  return [
    "Steps, each of which can be taken back; nothing was changed yet:",
    "  1. Stop MetalLB's controller: addresses stay, none is given.",
    "  2. Start Fairlead's controller: it writes down whose the addresses are.",
    ...nodes.map(({ node, way }, index) => `  ${index + 3}. On ${node}: ${wayText[way]}`),
    "The way back is the same with the names exchanged.",
  ].join("\n");
}

const wayText = {
  overlap:
    "the routers know a second address of it (fairlead.dev/source-from). Start Fairlead's agent, wait until it announces, stop MetalLB's speaker: nothing is lost.",
  gap: "a router refuses a second session from one address. Stop MetalLB's speaker, wait until it is gone, start Fairlead's agent, wait until it announces: what is under way may be lost.",
} as const;
