import { isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from "../json.ts";
import { isTerminating, type ApiObject } from "../object.ts";
import { age, joined, nameColumn, none, since, type Column } from "./column.ts";

export const podColumns: readonly Column[] = [
  nameColumn,
  { name: "Ready", cell: readyOf },
  { name: "Status", cell: statusOf },
  { name: "Restarts", cell: restartsOf },
  age,
  { name: "IP", wide: true, cell: (pod) => addressOf(objectAt(pod, "status")) },
  { name: "Node", wide: true, cell: (pod) => stringAt(objectAt(pod, "spec"), "nodeName") || none },
  {
    name: "Nominated Node",
    wide: true,
    cell: (pod) => stringAt(objectAt(pod, "status"), "nominatedNodeName") || none,
  },
  { name: "Readiness Gates", wide: true, cell: readinessGatesOf },
];

function containerStatuses(pod: JsonObject): JsonObject[] {
  return objectsAt(objectAt(pod, "status"), "containerStatuses");
}

function readyOf(pod: ApiObject): string {
  const ready = containerStatuses(pod).filter((each) => each["ready"] === true && isRunning(each)).length;
  return `${ready}/${objectsAt(objectAt(pod, "spec"), "containers").length}`;
}

function isRunning(container: JsonObject): boolean {
  return isObject(objectAt(container, "state")["running"]);
}

/** The phase, or what says more: why a container waits or ended, or that the pod is being deleted. */
function statusOf(pod: ApiObject): string {
  const status = objectAt(pod, "status");
  const phase = stringAt(status, "phase") ?? "";
  if (isTerminating(pod)) {
    if (stringAt(status, "reason") === "NodeLost") return "Unknown";
    if (phase !== "Succeeded" && phase !== "Failed") return "Terminating";
  }
  let reason = stringAt(status, "reason") || phase;
  let failure: string | undefined;
  for (const container of containerStatuses(pod).reverse()) {
    const state = objectAt(container, "state");
    const waiting = stringAt(objectAt(state, "waiting"), "reason") ?? "";
    if (waiting !== "") reason = waiting;
    else if (isObject(state["terminated"])) {
      reason = endOf(state["terminated"]);
      if (numberAt(state["terminated"], "exitCode") !== 0) failure = reason;
    }
  }
  if (reason !== "Completed") return reason;
  const running = containerStatuses(pod).some((each) => each["ready"] === true && isRunning(each));
  const ready = objectsAt(status, "conditions").some((each) => each["type"] === "Ready" && each["status"] === "True");
  if (running && ready) return "Running";
  return failure ?? (running ? "NotReady" : reason);
}

function endOf(terminated: JsonObject): string {
  const reason = stringAt(terminated, "reason") ?? "";
  if (reason !== "") return reason;
  const signal = numberAt(terminated, "signal") ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(terminated, "exitCode") ?? 0}` : `Signal:${signal}`;
}

function restartsOf(pod: ApiObject, nowMs: number): string {
  const containers = containerStatuses(pod);
  const restarts = containers.reduce((sum, each) => sum + (numberAt(each, "restartCount") ?? 0), 0);
  const ends = containers
    .map((each) => stringAt(objectAt(objectAt(each, "lastState"), "terminated"), "finishedAt") ?? "")
    .filter((each) => each !== "");
  const last = ends.sort().at(-1);
  return restarts === 0 || last === undefined ? String(restarts) : `${restarts} (${since(last, nowMs)} ago)`;
}

function addressOf(status: JsonObject): string {
  return stringAt(objectsAt(status, "podIPs")[0] ?? {}, "ip") ?? (stringAt(status, "podIP") || none);
}

function readinessGatesOf(pod: ApiObject): string {
  const gates = objectsAt(objectAt(pod, "spec"), "readinessGates");
  const conditions = objectsAt(objectAt(pod, "status"), "conditions");
  const met = gates.filter((gate) =>
    conditions.some((each) => each["type"] === gate["conditionType"] && each["status"] === "True"),
  );
  return gates.length === 0 ? joined([]) : `${met.length}/${gates.length}`;
}
