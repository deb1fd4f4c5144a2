import type { Kind } from "../../resources/index.ts";
import { parseMediaType, shapeOf } from "../media-type.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";
import { methodNotAllowed, notImplemented, pathNotFound } from "../status.ts";
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions, namedGroups } from "./groups.ts";
import { openApiDocument, openApiIndex, rootOf } from "./openapi.ts";
import { serverVersion } from "./version.ts";

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The answer to a question about the API itself, or nothing when the path names a resource. */
export function answerDiscovery(request: ApiRequest, kinds: readonly Kind[]): ApiResponse | undefined {
  const { path } = request;
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return { code: 200, contentType: "text/plain", body: "ok" };
  const found = documentAt(path, request, kinds);
  if (found === undefined) {
    if (/^\/apis?\//.test(path)) return undefined;
    throw path === "/metrics" ? notImplemented("the path /metrics") : pathNotFound();
  }
  if (request.method !== "GET") throw methodNotAllowed();
  return found;
}

function documentAt(path: string, request: ApiRequest, kinds: readonly Kind[]): ApiResponse | undefined {
  const steps = path.split("/").slice(1);
  if (steps.at(-1) === "") steps.pop();
  const [root, first, second, ...rest] = steps;
  if (path === "/version") return answer(serverVersion);
  if (root === "openapi") return openApi(steps.slice(1), kinds);
  if (rest.length > 0 || (root !== "api" && root !== "apis")) return undefined;
  if (first === undefined) {
    const listed =
      root === "api" ? kinds.filter((kind) => kind.group === "") : kinds.filter((kind) => kind.group !== "");
    if (wantsAggregated(request.accept)) return { ...answer(aggregatedDiscovery(listed)), contentType: aggregatedType };
    shapeOf(request.accept);
    return answer(root === "api" ? apiVersions() : apiGroupList(kinds));
  }
  if (root === "api") return second === undefined ? resources(kinds, "", first) : undefined;
  if (second !== undefined) return resources(kinds, first, second);
  const versions = namedGroups(kinds).get(first);
  if (versions === undefined) throw pathNotFound();
  return answer(apiGroup(first, versions));
}

function resources(kinds: readonly Kind[], group: string, version: string): ApiResponse {
  const served = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (served.length === 0) throw pathNotFound();
  return answer(apiResourceList(served, group, version));
}

/** Version 2 exists in Protocol Buffers only as far as kubectl asks for it, and it can do without. */
function openApi([version, ...rest]: readonly string[], kinds: readonly Kind[]): ApiResponse {
  if (version === "v2") throw notImplemented("the path /openapi/v2 (use /openapi/v3)");
  if (version !== "v3") throw pathNotFound();
  if (rest.length === 0) return answer(openApiIndex(kinds));
  const served = kinds.filter((kind) => rootOf(kind) === rest.join("/"));
  if (served.length === 0) throw pathNotFound();
  return answer(openApiDocument(served));
}

function wantsAggregated(accept: string): boolean {
  return accept.split(",").some((each) => {
    const { type, parameters } = parseMediaType(each);
    const asked = [parameters.get("g"), parameters.get("v"), parameters.get("as")].join(" ");
    return type === "application/json" && asked === "apidiscovery.k8s.io v2 APIGroupDiscoveryList";
  });
}

function answer(document: object): ApiResponse {
  return { code: 200, contentType: "application/json", body: JSON.stringify(document) };
}
