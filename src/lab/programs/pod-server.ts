// What runs in place of every container's image: an HTTP server that tells who answers and whom.
//   pod-server --name NAME --port PORT
// GET / is text, its first line the name; GET /json the same as an object.
import { createServer, type IncomingMessage } from "node:http";
import { parseArgs } from "node:util";

/** Nobody has connected for so long: all proxies have heard that this pod is ending. */
const quietMs = 1000;

const { values } = parseArgs({ options: { name: { type: "string" }, port: { type: "string" } } });
const name = values.name ?? "";
let lastConnectionMs = performance.now();

const server = createServer((request, response) => {
  const seen = { name, client: clientOf(request), method: request.method, url: request.url, headers: request.headers };
  const asJson = request.url === "/json";
  const body = asJson ? `${JSON.stringify(seen)}\n` : asText(seen);
  response.setHeader("content-type", asJson ? "application/json" : "text/plain; charset=utf-8");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
});
server.on("connection", () => {
  lastConnectionMs = performance.now();
});
server.listen(Number(values.port));

// A pod that stopped listening at once would refuse what is sent to it until the last proxy has heard that it is
// ending. It goes on answering until nobody comes any more; the kubelet's grace period bounds it.
process.once("SIGTERM", () => {
  lastConnectionMs = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - lastConnectionMs < quietMs) return;
    clearInterval(timer);
    server.close();
    server.closeIdleConnections();
  }, 50);
});

function clientOf(request: IncomingMessage): string {
  const { remoteAddress = "", remotePort = 0 } = request.socket;
  return remoteAddress.includes(".")
    ? `${remoteAddress.slice(remoteAddress.lastIndexOf(":") + 1)}:${remotePort}`
    : `[${remoteAddress}]:${remotePort}`;
}

function asText(seen: { name: string; client: string; headers: IncomingMessage["headers"] }): string {
  const headers = Object.entries(seen.headers).map(([header, value]) => `${header}: ${String(value)}`);
  return `${[seen.name, `client: ${seen.client}`, ...headers].join("\n")}\n`;
}
