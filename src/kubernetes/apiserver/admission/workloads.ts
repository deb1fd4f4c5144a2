import { objectAt, objectsAt, sameJson, stringAt, type JsonObject } from "../json.ts";
import { ensureObject, labelsOf, setDefault, type ApiObject } from "../object.ts";
import { selects, type Labels } from "../../resources/index.ts";
import type { Cause } from "../status.ts";
import { invalidValue, notSupported, required } from "./causes.ts";
import { defaultPodSpec, podSpecProblems } from "./pod.ts";

const immutable = "field is immutable";

export function defaultReplicaSet(replicaSet: ApiObject): void {
  const template = ensureObject(ensureObject(replicaSet, "spec"), "template");
  defaultPodSpec(ensureObject(template, "spec"));
  setDefault(ensureObject(replicaSet, "status"), "replicas", 0);
}

export function replicaSetProblems(replicaSet: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = objectAt(replicaSet, "spec");
  const selector = objectAt(spec, "selector");
  const template = objectAt(spec, "template");
  const problems = podSpecProblems(objectAt(template, "spec"), "spec.template.spec");
  const labels = labelsOf(template);
  const empty = ["matchLabels", "matchExpressions"].every((key) => Object.keys(selector[key] ?? {}).length === 0);
  if (empty) problems.push(invalidValue("spec.selector", selector, "empty selector is invalid for deployment"));
  // The schema has seen to it that this is a label selector, and metadata's rules that labels are texts.
  else if (!selects(selector, labels as Labels)) {
    problems.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  }
  const restartPolicy = stringAt(objectAt(template, "spec"), "restartPolicy");
  if (restartPolicy !== "Always") {
    problems.push(notSupported("spec.template.spec.restartPolicy", restartPolicy, ["Always"]));
  }
  if (old !== undefined && !sameJson(selector, objectAt(objectAt(old, "spec"), "selector"))) {
    problems.push(invalidValue("spec.selector", selector, immutable));
  }
  return problems;
}

export function endpointSliceProblems(slice: ApiObject, old: ApiObject | undefined): Cause[] {
  const problems = objectsAt(slice, "endpoints").flatMap((endpoint, index) => {
    const addresses = endpoint["addresses"];
    return Array.isArray(addresses) && addresses.length > 0
      ? []
      : [required(`endpoints[${index}].addresses`, "must contain at least 1 address")];
  });
  if (old !== undefined && slice["addressType"] !== old["addressType"]) {
    problems.push(invalidValue("addressType", slice["addressType"], immutable));
  }
  return problems;
}

/** An event lies in the namespace of what it is about; that of an object without one in `default`. */
export function eventProblems(event: JsonObject): Cause[] {
  const about = stringAt(objectAt(event, "involvedObject"), "namespace") ?? "";
  const namespace = stringAt(objectAt(event, "metadata"), "namespace") ?? "";
  if (about === namespace || (about === "" && ["default", "kube-system"].includes(namespace))) return [];
  return [invalidValue("involvedObject.namespace", about, "does not match event.namespace")];
}
