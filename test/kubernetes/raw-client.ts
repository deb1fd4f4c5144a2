import { Agent, request } from "node:https";
import type { OutgoingHttpHeaders } from "node:http";
import { parse } from "yaml";

export interface Answer {
  readonly code: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

/** Requests as they are said, bytes and all, by whom a kubeconfig is for. */
export class RawClient implements Disposable {
  readonly #authorization: OutgoingHttpHeaders;
  readonly #agent: Agent;
  readonly #url: string;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(kubeconfig) as {
      clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
      users: [{ user: { token?: string; "client-certificate-data"?: string; "client-key-data"?: string } }];
    };
    const [{ user }] = users;
    const [{ cluster }] = clusters;
    this.#url = cluster.server;
    this.#agent = new Agent({
      keepAlive: true,
      ca: decoded(cluster["certificate-authority-data"]),
      cert: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
    });
    this.#authorization = user.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  }

  call(method: string, path: string, body?: string | Buffer, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Node says the length of a DELETE's body only when it is told to.
      const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const options = { agent: this.#agent, method, headers: { ...this.#authorization, ...length, ...headers } };
      const call = request(new URL(path, this.#url), options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ code: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      call.on("error", reject);
      call.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function decoded(base64: string | undefined): Buffer | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, "base64");
}
