import type { ClusterStatus } from "./status.ts";
import { describe } from "../plan/index.ts";
import { renderRollout } from "./rollout-view.ts";
import { age, table } from "./table.ts";

/** Where nothing was ever kept, the last good configuration is known to the agents alone. */
const unknown = "<nodes go on with the last good configuration>";

function nobody(why: readonly string[]): string {
  return why.length > 0 ? `<nobody>: ${why.join("; ")}` : "<nobody>";
}

/** What follows from the problems that are named below it. */
export function problemsHeading(isRefused: boolean): string {
  return isRefused
    ? "The configuration is wrong; the last good one is in force:"
    : "All is in force but what is named here, which stays as it was:";
}

export function renderStatus(status: ClusterStatus): string {
  const { isRefused, problems, configuration, isKnown, services, silentNodes, nodes } = status;
  const parts = [
    table([
      ["SERVICE", "ADDRESSES", "POOL", "ANNOUNCED BY"],
      ...services.map(({ service, addresses, pool, announcers, why }) => [
        service,
        addresses.join(", ") || "<none>",
        pool ?? "",
        announcers.join(", ") || (isKnown ? nobody(why) : unknown),
      ]),
    ]),
    table([
      ["NODE", "PEER", "SESSION", "SINCE", "PREFIXES", "LAST ERROR"],
      ...nodes.flatMap(({ node, sessions }) =>
        sessions.map(({ peer, state, since, prefixes, lastError, lastErrorTime }) => [
          node,
          peer,
          state,
          age(since),
          String(prefixes ?? ""),
          lastError === undefined ? "" : `${lastError} (${age(lastErrorTime)} ago)`,
        ]),
      ),
    ]),
  ];
  parts.unshift(...renderRollout(configuration));
  if (silentNodes.length > 0)
    parts.push(silentNodes.map((reason) => `Endpoints on ${reason.node}: ${describe(reason)}`).join("\n"));
  if (problems.length > 0) parts.unshift(`${problemsHeading(isRefused)}\n  ${problems.join("\n  ")}`);
  return `${parts.join("\n\n")}\n`;
}
