import { numberAt, objectsAt, sameJson, stringAt, stringsAt, type JsonObject } from "../../json.ts";
import { ensureObject, setDefault, type ApiObject } from "../../object.ts";
import {
  isReachedFromOutside,
  isType,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortOf,
  portsOf,
  specOf,
} from "./spec.ts";

/** The default of Kubernetes: three hours. */
const affinityTimeoutSeconds = 10_800;

/** Completes a Service as Kubernetes' API does before it looks at addresses. */
export function defaultService(service: ApiObject, old: ApiObject | undefined): void {
  const spec = specOf(service);
  const before = old === undefined ? undefined : specOf(old);
  if (before !== undefined) {
    keepWhatWasAllocated(spec, before);
    dropWhatTheTypeHasNot(spec, before);
    if (!isType(spec, "LoadBalancer")) delete ensureObject(service, "status")["loadBalancer"];
  }
  alignClusterIps(spec, before);
  for (const port of portsOf(spec)) {
    const target = port["targetPort"];
    if (target === undefined || target === 0 || target === "") port["targetPort"] = numberAt(port, "port") ?? 0;
    if (port["nodePort"] === 0) delete port["nodePort"];
  }
  if (stringAt(spec, "sessionAffinity") === "None") delete spec["sessionAffinityConfig"];
  else {
    const clientIp = ensureObject(ensureObject(spec, "sessionAffinityConfig"), "clientIP");
    setDefault(clientIp, "timeoutSeconds", affinityTimeoutSeconds);
  }
  if (isReachedFromOutside(spec)) setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (needsClusterIp(spec)) setDefault(spec, "internalTrafficPolicy", "Cluster");
  if (isType(spec, "LoadBalancer")) setDefault(spec, "allocateLoadBalancerNodePorts", true);
  defaultStatus(service);
}

function defaultStatus(service: ApiObject): void {
  const loadBalancer = ensureObject(ensureObject(service, "status"), "loadBalancer");
  for (const each of objectsAt(loadBalancer, "ingress")) {
    if ((stringAt(each, "ip") ?? "") !== "") setDefault(each, "ipMode", "VIP");
  }
}

/** Who replaces a Service without its allocations keeps them. */
function keepWhatWasAllocated(spec: JsonObject, before: JsonObject): void {
  if (needsClusterIp(spec) && needsClusterIp(before)) {
    if ((stringAt(spec, "clusterIP") ?? "") === "" && stringsAt(spec, "clusterIPs").length === 0) {
      for (const key of ["clusterIP", "clusterIPs"]) if (before[key] !== undefined) spec[key] = before[key];
    } else if (stringsAt(spec, "clusterIPs").length === 0 && spec["clusterIP"] === before["clusterIP"]) {
      if (before["clusterIPs"] !== undefined) spec["clusterIPs"] = before["clusterIPs"];
    }
    for (const key of ["ipFamilies", "ipFamilyPolicy"])
      if (before[key] !== undefined) setDefault(spec, key, before[key]);
  }
  if (needsNodePorts(spec) && needsNodePorts(before)) {
    const used = new Set(portsOf(spec).map(nodePortOf));
    for (const port of portsOf(spec)) {
      if (nodePortOf(port) !== 0) continue;
      const was = portsOf(before).find(
        (each) => each["port"] === port["port"] && each["protocol"] === port["protocol"],
      );
      const nodePort = was === undefined ? 0 : nodePortOf(was);
      if (nodePort === 0 || used.has(nodePort)) continue;
      port["nodePort"] = nodePort;
      used.add(nodePort);
    }
  }
  if (needsHealthCheckPort(spec) && needsHealthCheckPort(before) && !spec["healthCheckNodePort"]) {
    if (before["healthCheckNodePort"] !== undefined) spec["healthCheckNodePort"] = before["healthCheckNodePort"];
  }
}

/** Who changes the type alone need not clear what the new type cannot have. */
function dropWhatTheTypeHasNot(spec: JsonObject, before: JsonObject): void {
  const drop = (...keys: readonly string[]) => {
    for (const key of keys) if (sameJson(spec[key], before[key])) delete spec[key];
  };
  if (needsClusterIp(before) && !needsClusterIp(spec)) drop("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy");
  if (needsNodePorts(before) && !needsNodePorts(spec)) {
    if (sameJson(nodePortsOf(spec), nodePortsOf(before))) for (const port of portsOf(spec)) delete port["nodePort"];
  }
  if (needsHealthCheckPort(before) && !needsHealthCheckPort(spec)) drop("healthCheckNodePort");
  if (isType(before, "LoadBalancer") && !isType(spec, "LoadBalancer")) {
    drop("allocateLoadBalancerNodePorts", "loadBalancerClass");
  }
  if (isReachedFromOutside(before) && !isReachedFromOutside(spec)) drop("externalTrafficPolicy");
}

function nodePortsOf(spec: JsonObject): number[] {
  return portsOf(spec)
    .map(nodePortOf)
    .filter((each) => each !== 0)
    .sort((a, b) => a - b);
}

/** `clusterIP` is the older name of the first of `clusterIPs`; a user may set either. */
function alignClusterIps(spec: JsonObject, before: JsonObject | undefined): void {
  const first = stringAt(spec, "clusterIP") ?? "";
  const all = stringsAt(spec, "clusterIPs");
  if (before === undefined) {
    if (first !== "" && all.length === 0) spec["clusterIPs"] = [first];
    if (first === "" && all[0] !== undefined) spec["clusterIP"] = all[0];
    return;
  }
  const firstChanged = first !== (stringAt(before, "clusterIP") ?? "");
  const allChanged = !sameJson(all, stringsAt(before, "clusterIPs"));
  if (firstChanged && !allChanged) {
    if (first === "") delete spec["clusterIPs"];
    else spec["clusterIPs"] = [first];
  } else if (!firstChanged && allChanged && all[0] !== undefined && first === "") spec["clusterIP"] = all[0];
}
