import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Api } from "./api.ts";
import { authenticate } from "./authentication.ts";
import type { Authority } from "./authority.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { ApiError } from "./status.ts";
import type { WatchSink } from "./watch.ts";

/** As kube-apiserver: no request is larger than what etcd would take. */
const maxBodyBytes = 3 * 1024 * 1024;

/** A watcher that has this much unread is cut off; it lists anew when it comes back. */
const maxUnreadBytes = 64 * 1024 * 1024;

interface HttpOptions {
  readonly host: string;
  readonly port: number;
  /** What the server is called by: its certificate says so. */
  readonly names: readonly string[];
  readonly authority: Authority;
  readonly api: Api;
  readonly onError: (error: unknown) => void;
}

/**
 * HTTPS in front of the API. There is one grammar of paths and one kind of long answer, so node:https serves both
 * without a router between.
 */
export class HttpServer {
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #streams = new Set<WatchSink>();

  constructor(options: HttpOptions) {
    this.#options = options;
    const { authority, names } = options;
    const tls = { ...authority.serverPair(names), ca: authority.certificatePem, minVersion: "TLSv1.2" } as const;
    this.#server = createServer(
      // Who has no certificate may have a token; who has neither is told so by a status, not by a broken handshake.
      { ...tls, requestCert: true, rejectUnauthorized: false, keepAlive: true, noDelay: true },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.keepAliveTimeout = 90_000;
  }

  async listen(): Promise<AddressInfo> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, "listening");
    return this.#server.address() as AddressInfo;
  }

  /** Takes no new requests, ends the watches, and waits until the last answer is out. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const stream of this.#streams) stream.end();
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(cut);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const parsed = await this.#read(request);
      if (parsed === undefined) return;
      const answer = await this.#options.api.handle(parsed, (onClose) => this.#open(response, onClose));
      if (answer !== undefined) reply(response, answer);
    } catch (error) {
      if (response.headersSent || response.destroyed) {
        this.#options.onError(error);
        response.destroy();
      } else reply(response, this.#refusal(error));
    }
  }

  async #read(request: IncomingMessage): Promise<ApiRequest | undefined> {
    const url = urlOf(request.url ?? "/");
    const user = authenticate(request, url.pathname, this.#options.authority);
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > maxBodyBytes) break;
        chunks.push(chunk);
      }
    } catch {
      return undefined; // The client went away half way: there is nobody to answer.
    }
    if (bytes > maxBodyBytes) {
      throw new ApiError(413, "RequestEntityTooLarge", `the request is too large: the limit is ${maxBodyBytes} bytes`);
    }
    const { accept = "", "content-type": contentType = "", "user-agent": userAgent = "" } = request.headers;
    const { pathname: path, searchParams: query } = url;
    return {
      user,
      method: request.method ?? "GET",
      path,
      query,
      accept,
      contentType,
      userAgent,
      body: Buffer.concat(chunks),
    };
  }

  /** Lines that come in one turn of the event loop go out as one chunk. */
  #open(response: ServerResponse, onClose: () => void): WatchSink {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    let pending = "";
    const flush = () => {
      if (pending !== "" && !response.destroyed) response.write(pending);
      pending = "";
    };
    const sink: WatchSink = {
      send: (line) => {
        if (response.writableLength + pending.length > maxUnreadBytes) {
          response.destroy();
          return false;
        }
        if (pending === "") queueMicrotask(flush);
        pending += line;
        return !response.destroyed;
      },
      end: () => {
        flush();
        response.end();
        this.#streams.delete(sink);
      },
    };
    this.#streams.add(sink);
    response.on("error", () => response.destroy());
    response.on("close", () => {
      this.#streams.delete(sink);
      onClose();
    });
    return sink;
  }

  #refusal(error: unknown): ApiResponse {
    if (!(error instanceof ApiError)) this.#options.onError(error);
    const refused = error instanceof ApiError ? error : new ApiError(500, "InternalError", "Internal error occurred");
    return { code: refused.code, contentType: "application/json", body: JSON.stringify(refused.status()) };
  }
}

function urlOf(target: string): URL {
  try {
    return new URL(target.replace(/^\/+/, "/"), "https://server");
  } catch {
    throw new ApiError(400, "BadRequest", `the path ${JSON.stringify(target.slice(0, 200))} is not a path`);
  }
}

function reply(response: ServerResponse, { code, contentType, body, warnings = [] }: ApiResponse): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (warnings.length > 0) {
    response.setHeader(
      "warning",
      warnings.map((each) => `299 - ${JSON.stringify(each)}`),
    );
  }
  const headers: OutgoingHttpHeaders = {
    "content-type": contentType,
    "content-length": bytes.length,
    ...(code === 413 ? { connection: "close" } : {}),
    ...(code === 401 ? { "www-authenticate": "Bearer" } : {}),
  };
  response.writeHead(code, headers).end(bytes);
}
