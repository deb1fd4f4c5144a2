import { keyOf, pathOf, type Kind, type KubernetesObject } from "../resources/index.ts";
import type { Call } from "./connection.ts";
import type { RequestSubject } from "./errors.ts";
import type { ApplyOptions, ObjectName, Patch } from "./options.ts";
import { bodyOf, type Written } from "./written.ts";

/** One change to one object, as the API server is asked for it. */
export interface Write<Value extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<Value>;
  readonly subject: RequestSubject;
  readonly method: Call["method"];
  readonly path: string;
  readonly contentType?: string;
  readonly body: string;
  /** In whose name, if not the client's own. */
  readonly fieldManager?: string | undefined;
  readonly force?: boolean;
  /** To do it twice is the same as once. */
  readonly repeatable: boolean;
}

const patchTypes = { merge: "application/merge-patch+json", json: "application/json-patch+json" } as const;

/** Fails with `already-exists` where there is one of the name. */
export function creating<Value extends KubernetesObject>(kind: Kind<Value>, object: Written<Value>): Write<Value> {
  const at = nameOf(object);
  return {
    kind,
    subject: subjectOf("create", kind, at),
    method: "POST",
    path: pathOf(kind, { namespace: at.namespace }),
    body: bodyOf(kind, object),
    repeatable: false,
  };
}

/** The whole object in place of what was there. */
export function replacing<Value extends KubernetesObject>(kind: Kind<Value>, object: Written<Value>): Write<Value> {
  const at = nameOf(object);
  return {
    kind,
    subject: subjectOf("update", kind, at),
    method: "PUT",
    path: pathOf(kind, at),
    body: bodyOf(kind, object),
    repeatable: false,
  };
}

export function patching<Value extends KubernetesObject>(
  kind: Kind<Value>,
  at: ObjectName,
  patch: Patch,
  subresource?: "status",
): Write<Value> {
  return {
    kind,
    subject: subjectOf("patch", kind, at),
    method: "PATCH",
    path: under(pathOf(kind, at), subresource),
    contentType: patchTypes[patch.type],
    body: JSON.stringify(patch.body),
    repeatable: false,
  };
}

/** Server-side apply, of the object or of its status alone. */
export function applying<Value extends KubernetesObject>(
  kind: Kind<Value>,
  object: Written<Value>,
  { fieldManager, force = false }: Pick<ApplyOptions, "fieldManager" | "force">,
  subresource?: "status",
): Write<Value> {
  const at = nameOf(object);
  return {
    kind,
    subject: subjectOf(subresource === undefined ? "apply" : `apply ${subresource} of`, kind, at),
    method: "PATCH",
    path: under(pathOf(kind, at), subresource),
    contentType: "application/apply-patch+yaml",
    body: bodyOf(kind, object),
    fieldManager,
    force,
    repeatable: true,
  };
}

function under(path: string, subresource: string | undefined): string {
  return subresource === undefined ? path : `${path}/${subresource}`;
}

function subjectOf(verb: string, kind: Kind, at: ObjectName): RequestSubject {
  return { verb, kind: kind.kind, key: keyOf({ metadata: at }) };
}

function nameOf<Value extends KubernetesObject>(object: Written<Value>): ObjectName {
  const { namespace, name } = object.metadata as ObjectName;
  return { namespace, name };
}
