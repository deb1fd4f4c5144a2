import { keyOf, type FieldProblem, type Kind } from "../resources/index.ts";

/** What a request was about: `get Service default/web`. */
export interface RequestSubject {
  readonly verb: string;
  readonly kind: string;
  /** `namespace/name`, the namespace, or nothing for a whole collection. */
  readonly key?: string | undefined;
}

export type ApiErrorCode =
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "already-exists"
  | "conflict"
  | "expired"
  | "invalid"
  | "too-many-requests"
  | "not-implemented"
  | "unavailable"
  | "other";

/** The part of Kubernetes' `Status` object that is used here. */
export interface Status {
  readonly kind?: unknown;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** The API server answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly statusCode: number;
  /** As the API server says it: `NotFound`, `Conflict`, `Expired`, …; empty when it does not. */
  readonly reason: string;
  readonly subject: RequestSubject;
  /** The fields that the server objects to. */
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  /** How long the server asks its clients to stay away. */
  readonly retryAfterMs: number | undefined;

  constructor(subject: RequestSubject, statusCode: number, status: Status, retryAfterMs?: number) {
    super(`${describe(subject)}: ${status.message ?? status.reason ?? `the API server answered ${statusCode}`}`);
    this.subject = subject;
    this.statusCode = statusCode;
    this.reason = status.reason ?? "";
    this.code = codeOf(statusCode, status);
    this.causes = (status.details?.causes ?? []).map((cause) => ({
      field: cause.field ?? "",
      message: cause.message ?? cause.reason ?? "",
    }));
    const seconds = status.details?.retryAfterSeconds;
    this.retryAfterMs = retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000);
  }
}

/** The API server did not answer, or not to the end. `timeout` is the client's own limit. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: "unreachable" | "interrupted" | "timeout";
  readonly subject: RequestSubject;

  constructor(code: ConnectionError["code"], subject: RequestSubject, message: string, cause?: unknown) {
    super(`${describe(subject)}: ${message}`, { cause });
    this.code = code;
    this.subject = subject;
  }
}

/** The API server's answer is not what its API promises. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  readonly code = "unreadable";
  readonly subject: RequestSubject;
  readonly problems: readonly FieldProblem[];

  constructor(subject: RequestSubject, message: string, problems: readonly FieldProblem[] = []) {
    super(`${describe(subject)}: ${message}`);
    this.subject = subject;
    this.problems = problems;
  }
}

/** What is needed to reach an API server is missing or wrong: in a kubeconfig file, or in what it points to. */
export class AccessError extends Error {
  override readonly name = "AccessError";
  readonly code: "kubeconfig" | "credentials";

  constructor(code: AccessError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export type ClientError = AccessError | ApiError | ConnectionError | UnreadableAnswer;

export function isClientError(error: unknown): error is ClientError {
  return [AccessError, ApiError, ConnectionError, UnreadableAnswer].some((type) => error instanceof type);
}

/** True for an ApiError with this code: `catch (error) { if (!isApiError(error, "not-found")) throw error; }` */
export function isApiError(error: unknown, code: ApiErrorCode): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

/** An object of the API that its kind's schema cannot read; it is reported and left out. */
export interface UnreadableObject {
  readonly kind: Kind;
  /** As far as they could be read; the key is empty if not even the name could be. */
  readonly key: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly problems: readonly FieldProblem[];
}

export function unreadableObject(kind: Kind, raw: unknown, problems: readonly FieldProblem[]): UnreadableObject {
  const metadata = (raw as { metadata?: Record<string, unknown> } | null)?.metadata ?? {};
  const name = textIn(metadata["name"]);
  const namespace = textIn(metadata["namespace"]);
  return {
    kind,
    key: name === undefined ? "" : keyOf({ metadata: { name, namespace } }),
    uid: textIn(metadata["uid"]),
    resourceVersion: textIn(metadata["resourceVersion"]),
    problems,
  };
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** `spec.addresses[0] is "x": expected …`, one for each problem, in one line. */
export function describeProblems(problems: readonly FieldProblem[]): string {
  return problems
    .map(
      ({ field, value, expected }) => `${field || "the object"} is ${JSON.stringify(value) ?? "missing"}: ${expected}`,
    )
    .join("; ");
}

function describe({ verb, kind, key }: RequestSubject): string {
  return key === undefined ? `${verb} ${kind}` : `${verb} ${kind} ${key}`;
}

const codesByStatus: Record<number, ApiErrorCode> = {
  400: "bad-request",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  410: "expired",
  422: "invalid",
  429: "too-many-requests",
  500: "unavailable",
  501: "not-implemented",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/**
 * 409 stands for two things, told apart by the reason. And a server that was put back to an older backup calls our
 * resource version too large, with 504: for us that is the same as one too old, the history is another.
 */
function codeOf(statusCode: number, { reason, details }: Status): ApiErrorCode {
  if (reason === "AlreadyExists") return "already-exists";
  if (details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") === true) return "expired";
  return codesByStatus[statusCode] ?? "other";
}
