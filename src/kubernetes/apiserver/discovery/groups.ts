import { apiVersionOf, type Kind } from "../../resources/index.ts";
import type { JsonObject } from "../json.ts";

const objectVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const statusVerbs = ["get", "patch", "update"];

interface SubresourceInfo {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** What lies below the objects of a kind: `kubectl drain` looks for the eviction before it evicts. */
function subresourcesOf({ group, version, kind, statusSubresource }: Kind): SubresourceInfo[] {
  const status = statusSubresource ? [{ name: "status", group, version, kind, verbs: statusVerbs }] : [];
  if (kind !== "Pod") return status;
  return [
    { name: "binding", group, version, kind: "Binding", verbs: ["create"] },
    { name: "eviction", group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] },
    ...status,
  ];
}

/** The groups of `kinds` that have a name, each with its versions; the newest first, as it is listed. */
export function namedGroups(kinds: readonly Kind[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of kinds) {
    if (group === "") continue;
    const versions = groups.get(group) ?? [];
    if (!versions.includes(version)) groups.set(group, [...versions, version].sort(newestFirst));
  }
  return groups;
}

/** Kubernetes' order of versions: v2 before v1 before v2beta1 before v1beta1 before v1alpha1. */
function newestFirst(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  return left.map((each, index) => (right[index] ?? 0) - each).find((difference) => difference !== 0) ?? 0;
}

function rank(version: string): number[] {
  const [, major = "0", stage, minor = "0"] = /^v([0-9]+)(alpha|beta)?([0-9]*)$/.exec(version) ?? [];
  return [stage === undefined ? 2 : stage === "beta" ? 1 : 0, Number(major), Number(minor)];
}

export function apiVersions(): JsonObject {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

export function apiGroupList(kinds: readonly Kind[]): JsonObject {
  const groups = [...namedGroups(kinds)].map(([name, versions]) => groupInfo(name, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

export function apiGroup(name: string, versions: readonly string[]): JsonObject {
  return { kind: "APIGroup", apiVersion: "v1", ...groupInfo(name, versions) };
}

function groupInfo(name: string, versions: readonly string[]): JsonObject {
  const listed = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: listed, preferredVersion: listed[0] ?? {} };
}

/** The resources of one group and version, as clients have asked for them since v1. */
export function apiResourceList(kinds: readonly Kind[], group: string, version: string): JsonObject {
  const resources = kinds.flatMap((kind): JsonObject[] => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: objectVerbs,
      ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
      ...(kind.categories.length > 0 ? { categories: [...kind.categories] } : {}),
    },
    ...subresourcesOf(kind).map((each) => ({
      name: `${kind.plural}/${each.name}`,
      singularName: "",
      namespaced: kind.namespaced,
      kind: each.kind,
      verbs: [...each.verbs],
      ...(each.group === group ? {} : { group: each.group, version: each.version }),
    })),
  ]);
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: apiVersionOf({ group, version }),
    resources,
  };
}

/** All groups in one answer: aggregated discovery (apidiscovery.k8s.io/v2), which kubectl asks for first. */
export function aggregatedDiscovery(kinds: readonly Kind[]): JsonObject {
  const groups = Map.groupBy(kinds, (kind) => kind.group);
  const items = [...groups].map(([group, ofGroup]): JsonObject => {
    const versions = [...Map.groupBy(ofGroup, (kind) => kind.version)].sort(([a], [b]) => newestFirst(a, b));
    return {
      metadata: { name: group, creationTimestamp: null },
      versions: versions.map(([version, ofVersion]) => ({
        version,
        resources: ofVersion.map(aggregatedResource),
        freshness: "Current",
      })),
    };
  });
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(kind: Kind): JsonObject {
  const subresources = subresourcesOf(kind).map(({ name, verbs, ...responseKind }) => ({
    subresource: name,
    responseKind: { group: responseKind.group, version: responseKind.version, kind: responseKind.kind },
    verbs: [...verbs],
  }));
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: objectVerbs,
    ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
    ...(kind.categories.length > 0 ? { categories: [...kind.categories] } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
