import * as http from "node:http";
import * as https from "node:https";
import type { ClusterAccess, Credential } from "./access.ts";
import { ConnectionError, isClientError, UnreadableAnswer, type RequestSubject } from "./errors.ts";
import { reasonOf, type Clock } from "./ports.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly contentType?: string;
  readonly body?: string | undefined;
  readonly subject: RequestSubject;
  /** For the whole answer, or, of one that is streamed, until it begins. */
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** No answer that we ask for comes near: a page of 500 objects of the largest size that etcd takes is smaller. */
const answerLimitBytes = 1024 * 2 ** 20;

const keptConnections = { keepAlive: true };
/** A connection that is told to pause reads no further: what comes stays with the kernel, and nobody is woken by it. */
const pausableConnections = { ...keptConnections, highWaterMark: 1 };

/**
 * After so long without a byte, the kernel asks some times, a second apart, whether the other side still lives: a watch
 * may rightly be silent for minutes, and a machine that has lost its power says no goodbye. (Node.js before 26.4 knows
 * the first number only, and asks ten times.)
 */
const keepAlive = { afterMs: 3_000, everyMs: 1_000, count: 4 };

/** Requests to one API server over kept connections, with the credentials of the moment. */
export class Connection {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #userAgent: string;
  #agents: Agents | undefined;

  constructor(access: ClusterAccess, clock: Clock, userAgent: string) {
    this.#access = access;
    this.#clock = clock;
    this.#userAgent = userAgent;
  }

  /** The whole answer, whatever its status. Throws ConnectionError, or the signal's reason. */
  async send(call: Call): Promise<Answer> {
    const limit = this.#limit(call);
    try {
      const response = await this.#open(call, limit, "whole");
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const part of response as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > answerLimitBytes) throw new UnreadableAnswer(call.subject, `longer than ${answerLimitBytes} bytes`);
        parts.push(part);
      }
      return { statusCode: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() };
    } catch (error) {
      throw limit.explain(error);
    } finally {
      limit.lift();
    }
  }

  /** The answer as soon as its headers are there, on a connection that can be paused; the signal also ends its body. */
  async open(call: Call): Promise<http.IncomingMessage> {
    const limit = this.#limit(call);
    try {
      return await this.#open(call, limit, "streamed");
    } catch (error) {
      throw limit.explain(error);
    } finally {
      limit.lift();
    }
  }

  /** Drops the connections, those in use too. */
  close(): void {
    this.#agents?.whole.destroy();
    this.#agents?.streamed.destroy();
    this.#agents = undefined;
  }

  async #open(call: Call, limit: Limit, answer: "whole" | "streamed"): Promise<http.IncomingMessage> {
    const credential = await this.#access.credentials.current(call.signal);
    call.signal?.throwIfAborted();
    const { server, tlsServerName } = this.#access;
    const query = call.query?.toString() ?? "";
    return await new Promise((resolve, reject) => {
      const request = (server.protocol === "https:" ? https : http).request({
        method: call.method,
        host: server.hostname.replace(/^\[(.*)\]$/, "$1"),
        port: server.port,
        path: server.pathname.replace(/\/$/, "") + call.path + (query === "" ? "" : `?${query}`),
        ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
        agent: this.#agentsFor(credential)[answer],
        headers: {
          accept: "application/json",
          "user-agent": this.#userAgent,
          ...(credential.token === undefined ? {} : { authorization: `Bearer ${credential.token}` }),
          ...(call.body === undefined
            ? {}
            : {
                "content-type": call.contentType ?? "application/json",
                "content-length": Buffer.byteLength(call.body),
              }),
        },
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      limit.whenReached(() => request.destroy());
      request.on("socket", (socket) =>
        socket.setKeepAlive(true, keepAlive.afterMs, keepAlive.everyMs, keepAlive.count),
      );
      request.on("response", resolve);
      request.on("error", reject);
      request.end(call.body);
    });
  }

  /** The same as long as the client's certificate is the same. */
  #agentsFor(credential: Credential): Agents {
    const kept = this.#agents;
    if (
      kept !== undefined &&
      kept.credential.clientCertificate === credential.clientCertificate &&
      kept.credential.clientKey === credential.clientKey
    ) {
      return kept;
    }
    const { server, certificateAuthority, insecureSkipTlsVerify } = this.#access;
    const agent = (connections: https.AgentOptions) =>
      server.protocol === "https:"
        ? new https.Agent({
            ...connections,
            ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
            cert: credential.clientCertificate,
            key: credential.clientKey,
            rejectUnauthorized: !insecureSkipTlsVerify,
          })
        : new http.Agent(connections);
    // What runs on the old agents is left to end by itself: their sockets close when they fall idle.
    this.#agents = { whole: agent(keptConnections), streamed: agent(pausableConnections), credential };
    return this.#agents;
  }

  #limit(call: Call): Limit {
    let reached = false;
    let stop: (() => void) | undefined;
    const timer = this.#clock.setTimer(call.limitMs, () => {
      reached = true;
      stop?.();
    });
    return {
      whenReached: (run) => {
        stop = run;
        if (reached) run();
      },
      lift: () => timer.cancel(),
      explain: (error) => {
        if (call.signal?.aborted === true) return reasonOf(call.signal);
        if (reached) return new ConnectionError("timeout", call.subject, `no answer within ${call.limitMs} ms`, error);
        return asConnectionError(error, call.subject, this.#access.server);
      },
    };
  }
}

/** Who keeps the connections, by what is answered on them. */
interface Agents {
  readonly whole: http.Agent;
  readonly streamed: http.Agent;
  readonly credential: Credential;
}

interface Limit {
  whenReached(run: () => void): void;
  lift(): void;
  explain(error: unknown): unknown;
}

const neverConnected = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/** What Node says of a socket, as an error of ours; others (a certificate that is not trusted, a bug) as they are. */
export function asConnectionError(error: unknown, subject: RequestSubject, server: URL): unknown {
  if (isClientError(error)) return error;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  const { code } = error;
  if (neverConnected.has(code)) {
    return new ConnectionError("unreachable", subject, `${server.origin} cannot be reached (${code})`, error);
  }
  if (/CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code)) {
    return new ConnectionError("unreachable", subject, `${server.origin} is not trusted: ${error.message}`, error);
  }
  return new ConnectionError("interrupted", subject, `the connection to ${server.origin} broke (${code})`, error);
}
