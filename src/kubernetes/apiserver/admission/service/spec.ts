import { numberAt, objectAt, objectsAt, stringAt, stringsAt, type JsonObject } from "../../json.ts";
import { ensureObject, type ApiObject } from "../../object.ts";

/** Questions about a Service's spec that defaults, validation and allocation all ask. */

export function specOf(service: ApiObject): JsonObject {
  return ensureObject(service, "spec");
}

export function portsOf(spec: JsonObject): JsonObject[] {
  return objectsAt(spec, "ports");
}

export function isType(spec: JsonObject, ...types: readonly string[]): boolean {
  return types.includes(stringAt(spec, "type") ?? "");
}

export function isHeadless(spec: JsonObject): boolean {
  return stringsAt(spec, "clusterIPs")[0] === "None" || stringAt(spec, "clusterIP") === "None";
}

/** A headless Service whose endpoints somebody else writes may have families that the cluster has not. */
export function isHeadlessWithoutSelector(spec: JsonObject): boolean {
  return isHeadless(spec) && Object.keys(objectAt(spec, "selector")).length === 0;
}

export function needsClusterIp(spec: JsonObject): boolean {
  return isType(spec, "ClusterIP", "NodePort", "LoadBalancer");
}

export function needsNodePorts(spec: JsonObject): boolean {
  return isType(spec, "NodePort") || (isType(spec, "LoadBalancer") && spec["allocateLoadBalancerNodePorts"] !== false);
}

export function needsHealthCheckPort(spec: JsonObject): boolean {
  return isType(spec, "LoadBalancer") && stringAt(spec, "externalTrafficPolicy") === "Local";
}

export function isReachedFromOutside(spec: JsonObject): boolean {
  return (
    isType(spec, "NodePort", "LoadBalancer") || (isType(spec, "ClusterIP") && stringsAt(spec, "externalIPs").length > 0)
  );
}

export function nodePortOf(port: JsonObject): number {
  return numberAt(port, "nodePort") ?? 0;
}
