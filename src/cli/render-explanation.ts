import type { ServiceExplanation } from "./explain-service.ts";
import { problemsHeading } from "./render-status.ts";
import { renderRollout } from "./rollout-view.ts";
import { age, table } from "./table.ts";

export function renderExplanation(explanation: ServiceExplanation): string {
  const { service, addresses, allocation, isRefused, problems, configuration } = explanation;
  const { externalTrafficPolicy, nodes, endpoints } = explanation;
  const lines = [
    `Service ${service}`,
    `Address: ${addresses.join(", ") || "none"}`,
    ...allocation.map(({ text }) => `  because ${text}`),
  ];
  if (problems.length > 0) {
    lines.push(problemsHeading(isRefused), ...problems.map(({ text }) => `  ${text}`));
  }
  lines.push(...renderRollout(configuration));
  lines.push("", `Announced (externalTrafficPolicy: ${externalTrafficPolicy}):`);
  for (const { node, announces, configuration: inForce, reasons, sessions } of nodes) {
    lines.push(`  ${node}: ${verdict(announces)}`);
    if (inForce !== undefined) lines.push(`    it uses ${inForce}`);
    lines.push(...reasons.map(({ text }) => `    ${text}`));
    for (const { peer, state, since, prefixes, gracefulRestart, lastError, lastErrorTime } of sessions) {
      const count = prefixes === undefined ? "" : `, ${prefixes} ${prefixes === 1 ? "prefix" : "prefixes"}`;
      const restart = gracefulRestart ? ", graceful restart" : "";
      lines.push(
        `    session with ${peer}: ${state}${since === undefined ? "" : ` for ${age(since)}`}${count}${restart}`,
      );
      if (lastError !== undefined) lines.push(`      its last error, ${age(lastErrorTime)} ago: ${lastError}`);
    }
  }
  lines.push("", "Endpoints:");
  const rows = endpoints.map(({ address, node, pod, ready, serving, terminating, leftOut }) => {
    const states = [
      ready ? "ready" : "not ready",
      ...(serving && !ready ? ["serving"] : []),
      ...(terminating ? ["terminating"] : []),
      ...(leftOut === undefined ? [] : [leftOut.text]),
    ];
    return ["", address, pod ?? "", node ?? "", states.join(", ")];
  });
  lines.push(endpoints.length === 0 ? "  none" : table(rows));
  return `${lines.join("\n")}\n`;
}

function verdict(announces: boolean | undefined): string {
  if (announces === undefined) return "goes on with the last good configuration";
  return announces ? "announces" : "does not announce";
}
