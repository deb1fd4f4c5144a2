import { parseAddress, parsePrefix } from "../../../../net/index.ts";
import { objectAt, objectsAt, sameJson, stringAt, stringsAt, type Json, type JsonObject } from "../../json.ts";
import type { ApiObject } from "../../object.ts";
import type { Cause } from "../../status.ts";
import { duplicate, forbiddenField, invalidValue, notSupported, required } from "../causes.ts";
import { dnsLabel } from "../names.ts";
import { familyName } from "./networks.ts";
import { isHeadless, isReachedFromOutside, isType, needsClusterIp, nodePortOf, portsOf, specOf } from "./spec.ts";

const onlyForLoadBalancers = "may only be used when `type` is 'LoadBalancer'";
const unchangeable = "may not change once set";

/** What is wrong with a Service's spec, in the words of Kubernetes. */
export function serviceProblems(service: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = specOf(service);
  return [
    ...(old === undefined ? [] : changeProblems(spec, specOf(old))),
    ...typeProblems(spec),
    ...portProblems(spec),
    ...clusterIpProblems(spec),
    ...outsideProblems(spec),
  ];
}

/** What is wrong with a Service's status: `ingress` has addresses, or host names, of load balancers alone. */
export function serviceStatusProblems(service: ApiObject): Cause[] {
  const field = "status.loadBalancer.ingress";
  const ingress = objectsAt(objectAt(objectAt(service, "status"), "loadBalancer"), "ingress");
  if (ingress.length > 0 && !isType(specOf(service), "LoadBalancer")) {
    return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap((each, index) => {
    const ip = stringAt(each, "ip") ?? "";
    const hostname = stringAt(each, "hostname") ?? "";
    return [
      ...(ip === "" || parseAddress(ip) !== undefined ? [] : [wrongAddress(`${field}[${index}].ip`, ip)]),
      ...(ip === "" && each["ipMode"] !== undefined
        ? [forbiddenField(`${field}[${index}].ipMode`, "may not be specified when `ip` is not set")]
        : []),
      ...(parseAddress(hostname) === undefined
        ? []
        : [invalidValue(`${field}[${index}].hostname`, hostname, "must be a DNS name, not an IP address")]),
    ];
  });
}

function typeProblems(spec: JsonObject): Cause[] {
  if (isType(spec, "ExternalName")) {
    const set = ["clusterIPs", "ipFamilies", "ipFamilyPolicy"].filter((key) => spec[key] !== undefined);
    const name = stringAt(spec, "externalName") ?? "";
    return [
      ...set.map((key) => forbiddenField(`spec.${key}`, "may not be set for ExternalName services")),
      ...(name === "" ? [required("spec.externalName")] : []),
    ];
  }
  const headless = isHeadless(spec) && isType(spec, "LoadBalancer", "NodePort");
  const detail = `may not be set to 'None' for ${stringAt(spec, "type") ?? ""} services`;
  return headless ? [invalidValue("spec.clusterIPs[0]", "None", detail)] : [];
}

function portProblems(spec: JsonObject): Cause[] {
  const ports = portsOf(spec);
  if (ports.length === 0 && !isHeadless(spec) && !isType(spec, "ExternalName")) return [required("spec.ports")];
  const problems: Cause[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, each] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    const name = stringAt(each, "name") ?? "";
    const wrongName = name === "" ? undefined : dnsLabel(name);
    if (name === "" && ports.length > 1) problems.push(required(`${field}.name`));
    if (wrongName !== undefined) problems.push(invalidValue(`${field}.name`, name, wrongName));
    if (name !== "" && names.has(name)) problems.push(duplicate(`${field}.name`, name));
    names.add(name);
    problems.push(...targetProblems(`${field}.targetPort`, each["targetPort"]));
    const { protocol = "TCP", port = 0 } = each;
    const number = JSON.stringify({ protocol, port });
    if (numbers.has(number)) problems.push(duplicate(field, { protocol, port }));
    numbers.add(number);
    const nodePort = nodePortOf(each);
    if (nodePort === 0) continue;
    if (isType(spec, "ClusterIP")) {
      problems.push(forbiddenField(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    const taken = JSON.stringify({ protocol, nodePort });
    if (nodePorts.has(taken)) problems.push(duplicate(`${field}.nodePort`, nodePort));
    nodePorts.add(taken);
  }
  return problems;
}

function targetProblems(field: string, target: Json | undefined): Cause[] {
  if (typeof target === "number" && (target < 1 || target > 65_535)) {
    return [invalidValue(field, target, "must be between 1 and 65535, inclusive")];
  }
  if (typeof target !== "string") return [];
  const isPortName =
    /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(target) && /[a-z]/.test(target) && !target.includes("--");
  const detail = "must be a port name: at most 15 lower case letters, digits and single hyphens, one letter at least";
  return isPortName ? [] : [invalidValue(field, target, detail)];
}

function clusterIpProblems(spec: JsonObject): Cause[] {
  if (!needsClusterIp(spec)) return [];
  const field = "spec.clusterIPs";
  const all = stringsAt(spec, "clusterIPs");
  const first = stringAt(spec, "clusterIP") ?? "";
  if (first !== "" && all[0] !== first) return [invalidValue(field, all, "first value must match `clusterIP`")];
  if (first === "" && all.length > 0)
    return [invalidValue(field, all, "must be empty when `clusterIP` is not specified")];
  if (all[0] === "None") {
    return all.length > 1 ? [invalidValue(field, all, "'None' must be the first and only value")] : [];
  }
  if (all.length > 2) return [invalidValue(field, all, "may only hold up to 2 values")];
  const addresses = all.map(parseAddress);
  const wrong = all.flatMap((each, index) =>
    addresses[index] === undefined ? [wrongAddress(`${field}[${index}]`, each)] : [],
  );
  if (wrong.length > 0) return wrong;
  if (addresses.length === 2 && addresses[0]?.family === addresses[1]?.family) {
    return [invalidValue(field, all, "may specify no more than one IP for each IP family")];
  }
  const families = stringsAt(spec, "ipFamilies");
  return addresses.flatMap((address, index) => {
    const family = families[index];
    if (address === undefined || family === undefined || familyName(address.family) === family) return [];
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalidValue(`${field}[${index}]`, all[index], detail)];
  });
}

function outsideProblems(spec: JsonObject): Cause[] {
  const problems: Cause[] = [];
  for (const [index, ip] of stringsAt(spec, "externalIPs").entries()) {
    if (parseAddress(ip) === undefined) problems.push(wrongAddress(`spec.externalIPs[${index}]`, ip));
  }
  const policy = stringAt(spec, "externalTrafficPolicy");
  if (policy !== undefined && !isReachedFromOutside(spec)) {
    problems.push(
      invalidValue("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"),
    );
  }
  const loadBalancer = isType(spec, "LoadBalancer");
  if (
    spec["healthCheckNodePort"] !== undefined &&
    spec["healthCheckNodePort"] !== 0 &&
    !(loadBalancer && policy === "Local")
  ) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    problems.push(invalidValue("spec.healthCheckNodePort", spec["healthCheckNodePort"], detail));
  }
  for (const key of ["loadBalancerClass", "loadBalancerSourceRanges", "allocateLoadBalancerNodePorts"]) {
    const value = spec[key];
    const empty = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!empty && !loadBalancer) problems.push(forbiddenField(`spec.${key}`, onlyForLoadBalancers));
  }
  for (const [index, text] of stringsAt(spec, "loadBalancerSourceRanges").entries()) {
    if (parsePrefix(text.trim()) !== undefined) continue;
    const detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    problems.push(invalidValue(`spec.loadBalancerSourceRanges[${index}]`, text, detail));
  }
  const distribution = stringAt(spec, "trafficDistribution");
  const distributions = ["PreferClose", "PreferSameNode", "PreferSameZone"];
  if (distribution !== undefined && !distributions.includes(distribution)) {
    problems.push(notSupported("spec.trafficDistribution", distribution, distributions));
  }
  return problems;
}

function changeProblems(spec: JsonObject, before: JsonObject): Cause[] {
  const problems: Cause[] = [];
  if (isType(spec, "LoadBalancer") && isType(before, "LoadBalancer")) {
    const { loadBalancerClass } = spec;
    if (!sameJson(loadBalancerClass, before["loadBalancerClass"])) {
      problems.push(invalidValue("spec.loadBalancerClass", loadBalancerClass, unchangeable));
    }
  }
  if (!needsClusterIp(spec) || !needsClusterIp(before)) return problems;
  const [was, is] = [stringsAt(before, "clusterIPs"), stringsAt(spec, "clusterIPs")];
  if (is.length === 0 && was.length > 0) {
    problems.push(invalidValue("spec.clusterIPs[0]", is, "primary clusterIP can not be unset"));
  }
  for (let index = 0; index < Math.min(was.length, is.length); index++) {
    if (was[index] !== is[index]) problems.push(invalidValue(`spec.clusterIPs[${index}]`, is, unchangeable));
  }
  const family = stringsAt(spec, "ipFamilies")[0];
  const familyBefore = stringsAt(before, "ipFamilies")[0];
  if (
    isHeadless(spec) === isHeadless(before) &&
    family !== undefined &&
    familyBefore !== undefined &&
    family !== familyBefore
  ) {
    problems.push(invalidValue("spec.ipFamilies[0]", stringsAt(spec, "ipFamilies"), unchangeable));
  }
  return problems;
}

function wrongAddress(field: string, ip: string): Cause {
  return invalidValue(field, ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}
