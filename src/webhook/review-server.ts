import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { ConfigurationSource } from "../plan/index.ts";
import { admissionAnswer, admissionRequest, review } from "./admission-review.ts";
import type { ServingCertificate } from "./serving-certificate.ts";

/** The path that the registration names. */
const path = "/validate";
/** etcd takes no object above 1.5 MiB; an update brings the old one along. */
const mostOctets = 4 * 1024 * 1024;
/** Longer than the 90 seconds after which the API server itself ends an idle connection: no question meets its end. */
const idleMs = 120_000;
/** Less than the registration's `timeoutSeconds`: who waits should be told. */
const reviewLimitMs = 4_000;

export interface ReviewServerModules {
  /** What is written now. */
  readonly written: (signal: AbortSignal) => Promise<ConfigurationSource>;
  readonly onRefused: (object: string, complaints: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Answers the API server, by HTTPS. Until it is given a certificate nobody can connect. */
export class ReviewServer {
  readonly #modules: ReviewServerModules;
  readonly #server: Server;

  private constructor(modules: ReviewServerModules) {
    this.#modules = modules;
    // Nobody is known yet who sends these: what is slow or large is not waited for.
    const limits = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: idleMs };
    this.#server = createServer(limits, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        modules.onFailure(error);
        say(response, 500, "the configuration cannot be read");
      });
    });
    this.#server.maxConnections = 100;
  }

  /** Rejects where the port cannot be had. */
  static async listen(port: number, modules: ReviewServerModules): Promise<ReviewServer> {
    const made = new ReviewServer(modules);
    made.#server.listen(port);
    await once(made.#server, "listening");
    return made;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  /** From the next connection on. */
  use({ keyPem, certificatePem }: ServingCertificate): void {
    this.#server.setSecureContext({ key: keyPem, cert: certificatePem });
  }

  /** Who was asked already answers. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), reviewLimitMs);
    await closed;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST" || request.url?.split("?")[0] !== path) {
      say(response, 404, `POST an AdmissionReview to ${path}`);
      return;
    }
    const body = await bodyOf(request);
    if (body === undefined) return say(response, 413, `must be at most ${mostOctets} octets`);
    const asked = admissionRequest(body);
    if (asked === undefined) return say(response, 400, "must be an AdmissionReview of admission.k8s.io/v1");
    const signal = AbortSignal.timeout(reviewLimitMs);
    const complaints = await review(asked, () => this.#modules.written(signal));
    if (complaints.length > 0) this.#modules.onRefused(`${asked.kind.kind} ${asked.name ?? ""}`, complaints);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(admissionAnswer(asked, complaints)));
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return;
  // What of the request was not read is not waited for.
  response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`${text}\n`);
}

/** Undefined where it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > mostOctets) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
