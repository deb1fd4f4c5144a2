import { numberAt, objectAt, objectsAt, sameJson, stringAt, type Json, type JsonObject } from "../json.ts";
import { ensureObject, setDefault, type ApiObject } from "../object.ts";
import type { Cause } from "../status.ts";
import { duplicate, forbiddenField, invalidValue, required } from "./causes.ts";
import { dnsLabel } from "./names.ts";

const defaultGraceSeconds = 30;

/** Five minutes on a node that is not ready or not reached, as Kubernetes adds to every pod. */
const nodeProblems = ["not-ready", "unreachable"].map((problem) => ({
  effect: "NoExecute",
  key: `node.kubernetes.io/${problem}`,
  operator: "Exists",
  tolerationSeconds: 300,
}));

export function defaultPod(pod: ApiObject, old: ApiObject | undefined): void {
  const spec = ensureObject(pod, "spec");
  defaultPodSpec(spec);
  const status = ensureObject(pod, "status");
  setDefault(status, "phase", "Pending");
  setDefault(status, "qosClass", qosClassOf(spec));
  if (old !== undefined) return;
  setDefault(spec, "priority", 0);
  setDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
  const tolerations = objectsAt(spec, "tolerations");
  const missing = nodeProblems.filter(({ key }) => !tolerations.some((each) => (each["key"] ?? key) === key));
  spec["tolerations"] = [...tolerations, ...missing.map((each) => ({ ...each }))];
}

/** The same for a pod and for the template of pods. */
export function defaultPodSpec(spec: JsonObject): void {
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "schedulerName", "default-scheduler");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "terminationGracePeriodSeconds", defaultGraceSeconds);
  for (const container of [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")]) {
    const image = stringAt(container, "image") ?? "";
    const latest = !/[:@][^/]*$/.test(image) || image.endsWith(":latest");
    setDefault(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
    setDefault(container, "resources", {});
    setDefault(container, "terminationMessagePath", "/dev/termination-log");
    setDefault(container, "terminationMessagePolicy", "File");
    for (const port of objectsAt(container, "ports")) setDefault(port, "protocol", "TCP");
  }
}

function qosClassOf(spec: JsonObject): string {
  const resources = objectsAt(spec, "containers").map((each) => objectAt(each, "resources"));
  if (resources.every((each) => isEmpty(objectAt(each, "limits")) && isEmpty(objectAt(each, "requests")))) {
    return "BestEffort";
  }
  const guaranteed = resources.every((each) => {
    const { cpu, memory } = objectAt(each, "limits");
    const requests = { cpu, memory, ...objectAt(each, "requests") };
    return cpu !== undefined && memory !== undefined && requests.cpu === cpu && requests.memory === memory;
  });
  return guaranteed ? "Guaranteed" : "Burstable";
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

export function podProblems(pod: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = objectAt(pod, "spec");
  return [...podSpecProblems(spec, "spec"), ...(old === undefined ? [] : changeProblems(spec, objectAt(old, "spec")))];
}

export function podSpecProblems(spec: JsonObject, field: string): Cause[] {
  const containers = objectsAt(spec, "containers");
  if (containers.length === 0) return [required(`${field}.containers`)];
  const names = new Set<string>();
  return containers.flatMap((container, index) => {
    const at = `${field}.containers[${index}]`;
    const name = stringAt(container, "name") ?? "";
    const wrongName = name === "" ? undefined : dnsLabel(name);
    const repeated = names.has(name);
    names.add(name);
    return [
      ...(name === "" ? [required(`${at}.name`)] : []),
      ...(wrongName === undefined ? [] : [invalidValue(`${at}.name`, name, wrongName)]),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...((stringAt(container, "image") ?? "") === "" ? [required(`${at}.image`)] : []),
    ];
  });
}

/** Of a pod's spec only these may change; its node is set by a binding. */
function changeProblems(spec: JsonObject, before: JsonObject): Cause[] {
  const tolerations = objectsAt(spec, "tolerations");
  const kept = objectsAt(before, "tolerations").every((each) => tolerations.some((other) => sameJson(each, other)));
  if (kept && sameJson(fixedPart(spec), fixedPart(before))) return [];
  const detail =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [forbiddenField("spec", detail)];
}

function fixedPart(spec: JsonObject): Json {
  const { tolerations: _, activeDeadlineSeconds: __, ...rest } = spec;
  const withoutImages = (key: string) => objectsAt(spec, key).map(({ image: ___, ...container }) => container);
  return { ...rest, containers: withoutImages("containers"), initContainers: withoutImages("initContainers") };
}

/** A pod that runs nowhere, or no more, needs no time to end. */
export function podGracePeriod(pod: ApiObject, asked: number | undefined): number {
  const spec = objectAt(pod, "spec");
  const phase = stringAt(objectAt(pod, "status"), "phase");
  if ((stringAt(spec, "nodeName") ?? "") === "" || phase === "Succeeded" || phase === "Failed") return 0;
  return asked ?? numberAt(spec, "terminationGracePeriodSeconds") ?? defaultGraceSeconds;
}
