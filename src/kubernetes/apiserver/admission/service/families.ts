import { parseAddress } from "../../../../net/index.ts";
import { sameJson, stringAt, stringsAt, type JsonObject } from "../../json.ts";
import { setDefault } from "../../object.ts";
import type { Cause } from "../../status.ts";
import { invalidValue } from "../causes.ts";
import { familyName, type IpFamily, type ServiceNetworks } from "./networks.ts";
import { isHeadlessWithoutSelector, needsClusterIp } from "./spec.ts";

const policyField = "spec.ipFamilyPolicy";

/**
 * Decides the families of a Service from its policy, its addresses and the cluster's networks; returns what is wrong
 * with what was asked for.
 */
export function decideFamilies(spec: JsonObject, before: JsonObject | undefined, networks: ServiceNetworks): Cause[] {
  if (!needsClusterIp(spec)) return [];
  setDefault(spec, "ipFamilyPolicy", isHeadlessWithoutSelector(spec) ? "RequireDualStack" : "SingleStack");
  const policy = stringAt(spec, "ipFamilyPolicy") ?? "";
  if (before !== undefined && policy === "SingleStack") shrinkUnchanged(spec, before);
  const problems = [...contradictions(spec, policy), ...reductions(spec, before, policy)];
  if (problems.length > 0) return problems;
  const families = familiesAsked(spec);
  if (isHeadlessWithoutSelector(spec)) {
    const [first = networks.families[0] ?? "IPv4", second] = families;
    const both = second !== undefined || policy !== "SingleStack";
    spec["ipFamilies"] = both ? [first, second ?? other(first)] : [first];
    return [];
  }
  if (policy === "RequireDualStack" && networks.families.length < 2) {
    problems.push(invalidValue(policyField, policy, "this cluster is not configured for dual-stack services"));
  }
  for (const [index, family] of families.entries()) {
    if (networks.families.includes(family)) continue;
    problems.push(invalidValue(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"));
  }
  if (problems.length > 0) return problems;
  const [first = networks.families[0] ?? "IPv4"] = families;
  const both = policy !== "SingleStack" && networks.families.length === 2;
  spec["ipFamilies"] = families.length === 2 ? families : both ? [first, other(first)] : [first];
  return [];
}

/** A step down to one family is asked for by the policy alone. */
function shrinkUnchanged(spec: JsonObject, before: JsonObject): void {
  for (const key of ["clusterIPs", "ipFamilies"]) {
    const all = stringsAt(spec, key);
    if (all.length > 1 && sameJson(all, stringsAt(before, key))) spec[key] = all.slice(0, 1);
  }
}

function contradictions(spec: JsonObject, policy: string): Cause[] {
  if (policy !== "SingleStack") return [];
  const many = (what: string) =>
    invalidValue(
      policyField,
      policy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(stringsAt(spec, "clusterIPs").length === 2 ? [many("cluster IPs")] : []),
    ...(stringsAt(spec, "ipFamilies").length === 2 ? [many("IP families")] : []),
  ];
}

function reductions(spec: JsonObject, before: JsonObject | undefined, policy: string): Cause[] {
  if (before === undefined || policy === "SingleStack") return [];
  const reduced = (key: string) => {
    const count = stringsAt(spec, key).length;
    return count > 0 && count < stringsAt(before, key).length;
  };
  const release = (what: string) =>
    invalidValue(policyField, policy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(reduced("clusterIPs") ? [release("cluster IP")] : []),
    ...(reduced("ipFamilies") ? [release("IP family")] : []),
  ];
}

/** The families named, and those that addresses without a named family imply. */
function familiesAsked(spec: JsonObject): IpFamily[] {
  const families = stringsAt(spec, "ipFamilies").filter((each) => each === "IPv4" || each === "IPv6");
  for (const [index, ip] of stringsAt(spec, "clusterIPs").entries()) {
    const address = parseAddress(ip);
    if (address !== undefined && index >= families.length) families.push(familyName(address.family));
  }
  return families;
}

function other(family: IpFamily): IpFamily {
  return family === "IPv4" ? "IPv6" : "IPv4";
}
