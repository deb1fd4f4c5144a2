// The bare limit: whoever gives Services their addresses has to write each of their statuses once, and this does nothing
// else. It takes the Services as a watch brings them, and asks nobody whether an address is free.
//   node bench/metallb/bare-process.ts KUBECONFIG CONCURRENCY
import { Agent, request } from "node:https";
import { loadKubeconfig } from "../../src/kubernetes/client/index.ts";

const [path = "", concurrency = ""] = process.argv.slice(2);
const access = await loadKubeconfig({ path, env: {} });
const { token } = await access.credentials.current();
const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency), ca: access.certificateAuthority });
const waiting: string[] = [];
const known = new Set<string>();
let writing = 0;
let given = 0;

function take(service: {
  readonly metadata: { readonly namespace: string; readonly name: string };
  spec?: { type?: string };
}) {
  const { namespace, name } = service.metadata;
  const at = `/api/v1/namespaces/${namespace}/services/${name}/status`;
  if (service.spec?.type !== "LoadBalancer" || known.has(at)) return;
  known.add(at);
  waiting.push(at);
  writeMore();
}

function writeMore(): void {
  while (writing < Number(concurrency) && waiting.length > 0) {
    writing += 1;
    void write(waiting.shift() ?? "");
  }
}

async function write(at: string): Promise<void> {
  given += 1;
  const ip = `172.19.${given >> 8}.${given & 255}`;
  const body = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } });
  await call("PATCH", at, agent, body).then(async (answer) => {
    for await (const _ of answer);
  });
  writing -= 1;
  writeMore();
}

function call(method: "GET" | "PATCH", at: string, by: Agent | undefined, body?: string) {
  return new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
    const { hostname, port } = access.server;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/merge-patch+json", "content-length": body.length }),
    };
    const ca = access.certificateAuthority;
    const sent = request({ method, hostname, port, path: at, agent: by, ca, headers }, (answer) => {
      if (answer.statusCode === 200) resolve(answer);
      else reject(new Error(`${method} ${at}: ${answer.statusCode}`));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

// Without a resource version a watch begins with all that is there.
const events = await call("GET", "/api/v1/services?watch=true&timeoutSeconds=3600", undefined);
process.stdout.write(`${JSON.stringify({ time: Date.now(), msg: "watching" })}\n`);
let rest = "";
for await (const chunk of events) {
  const lines = `${rest}${chunk.toString("latin1")}`.split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const { type, object } = JSON.parse(line);
    const at = `/api/v1/namespaces/${object.metadata.namespace}/services/${object.metadata.name}/status`;
    if (type === "ADDED") take(object);
    // One that is made again under its name is another.
    if (type === "DELETED") known.delete(at);
  }
}
