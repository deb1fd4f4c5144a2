import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ClusterAccess } from "./access.ts";
import { Connection, type Answer, type Call } from "./connection.ts";
import { ApiError, isApiError, UnreadableAnswer, type RequestSubject, type Status } from "./errors.ts";
import type { Ports } from "./ports.ts";
import { withRetries } from "./retry.ts";

export type Request = Omit<Call, "limitMs">;

export interface RequestOptions {
  readonly userAgent: string;
  readonly limitMs: number;
}

/** Requests that succeed or throw: renewed credentials, retries, and errors in the API's own words. */
export class Requests {
  readonly #access: ClusterAccess;
  readonly #ports: Ports;
  readonly #connection: Connection;
  readonly #limitMs: number;

  constructor(access: ClusterAccess, ports: Ports, options: RequestOptions) {
    this.#access = access;
    this.#ports = ports;
    this.#connection = new Connection(access, ports.clock, options.userAgent);
    this.#limitMs = options.limitMs;
  }

  /** `repeatable`: that to do it twice is the same as once. */
  send(request: Request, repeatable: boolean): Promise<Answer> {
    return withRetries(this.#ports, repeatable, request.signal, () =>
      this.#withFreshCredentials(async () => {
        const answer = await this.#connection.send({ ...request, limitMs: this.#limitMs });
        if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
        throw apiErrorOf(answer, request.subject);
      }),
    );
  }

  async json(request: Request, repeatable: boolean): Promise<unknown> {
    const { text } = await this.send(request, repeatable);
    try {
      return JSON.parse(text);
    } catch {
      throw new UnreadableAnswer(request.subject, `not JSON: ${JSON.stringify(text.slice(0, 80))}`);
    }
  }

  /** An answer that is streamed. Not tried again: whoever watches has a longer patience of his own. */
  open(request: Request): Promise<IncomingMessage> {
    return this.#withFreshCredentials(async () => {
      const response = await this.#connection.open({ ...request, limitMs: this.#limitMs });
      if (response.statusCode === 200) return response;
      const text = await beginningOf(response);
      throw apiErrorOf({ statusCode: response.statusCode ?? 0, headers: response.headers, text }, request.subject);
    });
  }

  close(): void {
    this.#connection.close();
  }

  async #withFreshCredentials<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!isApiError(error, "unauthorized") || !this.#access.credentials.rejected()) throw error;
      return await attempt();
    }
  }
}

function apiErrorOf(answer: Answer, subject: RequestSubject): ApiError {
  return new ApiError(subject, answer.statusCode, statusIn(answer), retryAfterMs(answer.headers));
}

/** What stands between us and the API server (a load balancer) answers in its own way, not with a Status. */
function statusIn({ statusCode, text }: Answer): Status {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "kind" in parsed && parsed.kind === "Status") return parsed;
  } catch {
    // Said below, as a message.
  }
  return { message: `${statusCode} ${text.slice(0, 200).trim()}` };
}

/** Kubernetes sends whole seconds; the header's other form, a date, is not used by it. */
function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** An error's text: more than this no one reads. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8") as AsyncIterable<string>) {
    text += part;
    if (text.length > 65_536) break;
  }
  return text;
}
