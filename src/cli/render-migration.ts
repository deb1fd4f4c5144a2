import type { Migration } from "./migration.ts";

export function renderMigration(migration: Migration): string {
  const { problems, unread, keeping, changing, silent, nodes } = migration;
  const parts = [
    listed("Wrong in the configuration, and to be mended first; no address is given or taken before:", problems),
    listed("Not read by Fairlead, and without effect from then on:", unread),
    `Services that keep their addresses: ${keeping}`,
    listed("Services whose addresses change:", changing.map(changeText)),
    listed(
      "Services that nobody would announce:",
      silent.map(({ service, why }) => `${service}: ${why.join("; ")}`),
    ),
    listed(
      "Sessions:",
      nodes.map(({ node, peers }) => `${node}: ${peers.join(", ") || "none"}`),
    ),
    steps(nodes.map(({ node }) => node)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function changeText({ service, before, after, why }: Migration["changing"][number]): string {
  const text = (addresses: readonly string[]) => addresses.join(", ") || "<none>";
  return `${service}: ${text(before)}, then ${text(after)}: ${why.join("; ")}`;
}

function listed(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [heading, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** A router refuses a second session from one address: MetalLB goes first, while the other nodes carry the traffic. */
function steps(nodes: readonly string[]): string {
  return [
    "Steps, each of which can be taken back; nothing was changed yet:",
    "  1. Stop MetalLB's controller: addresses stay, none is given.",
    "  2. Start Fairlead's controller: it writes down whose the addresses are.",
    ...nodes.map(
      (node, index) =>
        `  ${index + 3}. On ${node}: stop MetalLB's speaker, wait until the router has withdrawn its routes, start Fairlead's agent, wait until they are there again.`,
    ),
    "The way back is the same with the names exchanged.",
  ].join("\n");
}
