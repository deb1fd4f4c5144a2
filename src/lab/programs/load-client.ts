// Opens new connections to one address at a steady rate, sends GET / on each, and writes what became of it.
//   load-client --address ADDRESS --port PORT --rate PER_SECOND --timeout-ms MS
// Each request becomes a line of JSON on standard output (`LoadRequest`). SIGTERM: no more are sent, and it ends when
// the last is decided.
import { connect } from "node:net";
import { parseArgs } from "node:util";
import { readAnswer } from "../load/http-answer.ts";
import type { LoadRequest, Outcome } from "../load/request.ts";

const tickMs = 5;
const flushMs = 100;

// TCP repeats an unanswered SYN after 1 s (RFC 6298 §2.1). However long this process was kept from the processor, a
// request that is answered later than this may owe its answer to that, and counts as failed.
const latestMs = 900;

const { values } = parseArgs({
  options: {
    address: { type: "string" },
    port: { type: "string" },
    rate: { type: "string" },
    "timeout-ms": { type: "string" },
  },
});
const target = { host: values.address ?? "", port: Number(values.port) };
const ratePerSecond = Number(values.rate);
const timeoutMs = Number(values["timeout-ms"]);
const question = `GET / HTTP/1.1\r\nHost: ${target.host}\r\nConnection: close\r\n\r\n`;

const startedMs = performance.now();
let sent = 0;
let lines = "";

/**
 * Each port in its turn, over all clients of a lab: a port that comes again within two minutes would meet what
 * connection tracking still holds of its last connection, and go where that one went.
 */
const firstPort = 1024;
const portCount = 65_536 - firstPort;
let turn = Math.floor((Date.now() / 1000) * ratePerSecond);

function nextPort(): number {
  turn += 1;
  return firstPort + (turn % portCount);
}

/**
 * How long this process itself has stood still, in all: a tick that comes late tells. On a busy machine a request must
 * not fail because its answer lay unread.
 */
let stalledMs = 0;
let lastTickMs = startedMs;

function stalledUntil(nowMs: number): number {
  return stalledMs + Math.max(0, nowMs - lastTickMs - 2 * tickMs);
}

const ticks = setInterval(() => {
  const nowMs = performance.now();
  stalledMs = stalledUntil(nowMs);
  lastTickMs = nowMs;
  const due = Math.floor(((nowMs - startedMs) * ratePerSecond) / 1000);
  for (; sent < due; sent++) request();
}, tickMs);
const flushes = setInterval(flush, flushMs);
process.once("SIGTERM", () => clearInterval(ticks));
process.once("SIGTERM", () => flushes.unref());
process.once("exit", flush);

function request(): void {
  const startMs = performance.now();
  const stalledBeforeMs = stalledMs;
  let answer = "";
  let decided = false;
  const localPort = nextPort();
  const socket = connect({ ...target, localPort });
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.write(question);
  socket.on("data", (chunk: string) => {
    answer += chunk;
    judge(false);
  });
  socket.on("end", () => judge(true));
  socket.on("close", () => decide({ ok: false, error: "closed without an answer" }));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") return again();
    decide({ ok: false, error: error.code ?? error.message });
  });
  let timer = setTimeout(expire, timeoutMs);

  /** The port is somebody else's: this was no request yet. */
  function again(): void {
    decided = true;
    clearTimeout(timer);
    request();
  }

  function judge(atEnd: boolean): void {
    const read = readAnswer(answer, atEnd);
    if (read.state === "incomplete") return;
    const late = performance.now() - startMs > latestMs;
    if (late) decide({ ok: false, error: "late" });
    else if (read.status !== 200) decide({ ok: false, error: `status ${read.status}` });
    else decide({ ok: true, by: read.firstLine });
  }

  function expire(): void {
    const nowMs = performance.now();
    const allowedMs = Math.min(latestMs, timeoutMs + stalledUntil(nowMs) - stalledBeforeMs);
    const leftMs = allowedMs - (nowMs - startMs);
    if (leftMs > 1) timer = setTimeout(expire, leftMs);
    // What lies in the socket's buffer already is read before the verdict.
    else setImmediate(() => decide({ ok: false, error: "timeout" }));
  }

  function decide(outcome: Outcome): void {
    if (decided) return;
    decided = true;
    clearTimeout(timer);
    record({
      startMs: performance.timeOrigin + startMs,
      endMs: performance.timeOrigin + performance.now(),
      port: localPort,
      outcome,
    });
    if (outcome.ok) socket.end();
    else socket.destroy();
  }
}

function record(request: LoadRequest): void {
  lines += `${JSON.stringify(request)}\n`;
}

function flush(): void {
  if (lines === "") return;
  // To a file this is written at once, and never waits for a reader as a pipe would.
  process.stdout.write(lines);
  lines = "";
}
