import type { Kind } from "../resources/index.ts";
import { badRequest, notImplemented } from "./status.ts";

/** Who asks, as their certificate or token says. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a path under /api or /apis names. */
export interface Target {
  readonly kind: Kind;
  /** Of a namespaced kind; absent for all namespaces. */
  readonly namespace: string | undefined;
  /** Absent for the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** A request, its body read, before anything is understood of it. */
export interface ApiRequest {
  readonly user: User;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly body: Buffer;
}

/** An answer that is whole; a watch has its own way. */
export interface ApiResponse {
  readonly code: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly warnings?: readonly string[];
}

/** The target of a path such as /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE. */
export function targetOf(path: string, kinds: readonly Kind[]): Target | undefined {
  const [, root, ...rest] = path.split("/").map(decoded);
  const group = root === "api" ? "" : root === "apis" ? rest.shift() : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  if (rest[0] === "watch") throw notImplemented("the deprecated path prefix /watch/ (use ?watch=true)");
  const find = (plural: string | undefined, namespaced: boolean) =>
    kinds.find(
      (each) =>
        each.group === group && each.version === version && each.plural === plural && each.namespaced === namespaced,
    );
  const ofNamespace = rest[0] === "namespaces" && rest.length > 2 ? find(rest[2], true) : undefined;
  const namespace = ofNamespace === undefined ? undefined : rest[1];
  if (ofNamespace !== undefined) rest.splice(0, 2);
  const kind = ofNamespace ?? find(rest[0], false) ?? find(rest[0], true);
  if (kind === undefined || rest.includes("") || namespace === "") return undefined;
  // An object of a namespaced kind has no path outside its namespace.
  if (kind.namespaced && namespace === undefined && rest.length > 1) return undefined;
  return { kind, namespace, name: rest[1], subresource: rest.length > 2 ? rest.slice(2).join("/") : undefined };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw badRequest(`the path has a wrong escape in ${JSON.stringify(step)}`);
  }
}

export function booleanOf(query: URLSearchParams, key: string): boolean {
  const value = query.get(key);
  if (value === null || value === "0" || value.toLowerCase() === "false") return false;
  return true;
}

/** A whole number that is not negative; `undefined` when the query does not have it. */
export function numberOf(query: URLSearchParams, key: string): number | undefined {
  const value = query.get(key);
  if (value === null || value === "") return undefined;
  if (!/^[0-9]{1,15}$/.test(value)) {
    throw badRequest(`query parameter ${key}: ${JSON.stringify(value)} is not a number`);
  }
  return Number(value);
}
