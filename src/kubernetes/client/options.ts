import type { KubernetesObject } from "../resources/index.ts";
import type { UnreadableObject } from "./errors.ts";
import type { Ports } from "./ports.ts";

export interface ClientOptions {
  /** Who we are in `managedFields`. */
  readonly fieldManager?: string;
  /** For one attempt at one request; a list counts each page by itself. */
  readonly requestLimitMs?: number;
  readonly userAgent?: string;
  readonly ports?: Ports;
  /** Told of each object that cannot be read and is left out of a list or a watch; a process warning by default. */
  readonly onUnreadable?: (object: UnreadableObject) => void;
}

/** Which object. The namespace is left out for kinds that have none. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Selection {
  /** All namespaces when left out. */
  readonly namespace?: string | undefined;
  /** As `kubectl -l` takes it. */
  readonly labelSelector?: string | undefined;
  /** As `kubectl --field-selector` takes it: `spec.nodeName=node-1`. */
  readonly fieldSelector?: string | undefined;
}

export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends Selection, Cancellable {
  /** Objects to a page; 0 for all in one. */
  readonly pageSize?: number;
}

export interface List<Value extends KubernetesObject> {
  readonly items: readonly Value[];
  readonly unreadable: readonly UnreadableObject[];
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection, Cancellable {
  /** To begin after; what is there now comes first, as `added`, when left out. */
  readonly resourceVersion?: string | undefined;
  /** The server ends the watch after so long; so does the client, a little later, should the server not. */
  readonly timeoutSeconds?: number;
  /** Called when the server has agreed to the watch. */
  readonly onOpen?: () => void;
}

export interface ApplyOptions extends Cancellable {
  /** Take over fields that another field manager owns, instead of failing with `conflict`. */
  readonly force?: boolean;
  readonly fieldManager?: string;
}

export interface DeleteOptions extends Cancellable {
  /** Delete only this very object (`uid`), or only this version of it. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
}

export type Patch =
  | { readonly type: "merge"; readonly body: object }
  | { readonly type: "json"; readonly body: readonly JsonPatchStep[] };

export interface JsonPatchStep {
  readonly op: "add" | "remove" | "replace" | "test" | "move" | "copy";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}
