import type { Kind } from "../resources/index.ts";
import type { JsonObject } from "./json.ts";

/** Why a field is refused, as Kubernetes' clients show it. */
export interface Cause {
  readonly reason:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueForbidden"
    | "FieldValueTypeInvalid"
    | "FieldManagerConflict"
    | "DisruptionBudget"
    | "NamespaceTerminating"
    | "ResourceVersionTooLarge"
    | "UnexpectedServerResponse";
  readonly message: string;
  readonly field?: string;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal that is answered with a Status object (meta/v1), its code being the HTTP status. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  status(): JsonObject {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: { ...this.details } as unknown as JsonObject }),
      code: this.code,
    };
  }
}

type Resource = Pick<Kind, "group" | "plural">;

/** `services`, or with its group `ipaddresspools.metallb.io`. */
export function resourceName({ group, plural }: Resource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function about({ group, plural }: Resource, name: string): StatusDetails {
  return { name, ...(group === "" ? {} : { group }), kind: plural };
}

export function notFound(kind: Resource, name: string): ApiError {
  return new ApiError(404, "NotFound", `${resourceName(kind)} "${name}" not found`, about(kind, name));
}

export function alreadyExists(kind: Resource, name: string): ApiError {
  return new ApiError(409, "AlreadyExists", `${resourceName(kind)} "${name}" already exists`, about(kind, name));
}

export function conflict(kind: Resource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`;
  return new ApiError(409, "Conflict", message, about(kind, name));
}

export function modified(kind: Resource, name: string): ApiError {
  return conflict(
    kind,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );
}

export function forbidden(kind: Resource, name: string, why: string, causes?: readonly Cause[]): ApiError {
  const message = `${resourceName(kind)} "${name}" is forbidden: ${why}`;
  return new ApiError(403, "Forbidden", message, { ...about(kind, name), ...(causes === undefined ? {} : { causes }) });
}

export function invalid(kind: Kind, name: string, causes: readonly Cause[]): ApiError {
  const lines = causes.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`));
  const what = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  const qualified = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError(422, "Invalid", `${qualified} "${name}" is invalid: ${what}`, {
    name,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

/** What a real API server does and this one does not: named, never half done. */
export function notImplemented(what: string): ApiError {
  return new ApiError(501, "NotImplemented", `${what} is not implemented by Fairlead's embedded API server`);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

export function pathNotFound(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", {});
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

export function expired(message: string): ApiError {
  return new ApiError(410, "Expired", message);
}

export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  return new ApiError(504, "Timeout", `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}
