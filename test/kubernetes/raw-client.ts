import { Agent, request } from "node:https";
import type { OutgoingHttpHeaders } from "node:http";
import { parse } from "yaml";

export interface Answer {
  readonly code: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

/** Requests as they are said, bytes and all, by who has the token of a kubeconfig. */
export class RawClient implements Disposable {
  readonly #authorization: string;
  readonly #agent: Agent;
  readonly #url: string;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(kubeconfig) as {
      clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
      users: [{ user: { token: string } }];
    };
    const [{ cluster }] = clusters;
    this.#url = cluster.server;
    this.#agent = new Agent({ keepAlive: true, ca: Buffer.from(cluster["certificate-authority-data"], "base64") });
    this.#authorization = `Bearer ${users[0].user.token}`;
  }

  call(method: string, path: string, body?: string | Buffer, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method, headers: { authorization: this.#authorization, ...headers } };
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
