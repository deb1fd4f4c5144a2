// A host of the test network: serves, as a pod, and calls, as a client.
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import { answerQuestions } from "./process.ts";

export type HostQuestion =
  /** Answers each TCP line and UDP datagram with `NAME CLIENT`. */
  | { readonly do: "serve"; readonly name: string; readonly port: number }
  /** New connections one after the other, a line on each; what was answered, or the error's code, or "timeout". */
  | { readonly do: "call"; readonly address: string; readonly port: number; readonly times: number }
  /** An HTTP request; its status and body. */
  | { readonly do: "get"; readonly url: string }
  /** A connection (made on first use) that stays, and a line on it. */
  | { readonly do: "say"; readonly id: string; readonly address: string; readonly port: number }
  /** A datagram from a socket that stays. */
  | { readonly do: "send"; readonly id: string; readonly address: string; readonly port: number };

const patienceMs = 700;
const connections = new Map<string, Socket>();
const sockets = new Map<string, UdpSocket>();

await answerQuestions((question: HostQuestion) => {
  switch (question.do) {
    case "serve":
      return serve(question.name, question.port);
    case "call":
      return call(question);
    case "get":
      return get(question.url);
    case "say":
      return say(question);
    case "send":
      return send(question);
  }
});
process.exit(0);

async function serve(name: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(`${name} ${plain(socket.remoteAddress ?? "")}`));
  });
  server.listen(port, "::");
  const udp = createSocket("udp6");
  udp.on("message", (_text, from) => udp.send(`${name} ${plain(from.address)}`, from.port, from.address));
  udp.bind(port);
  await Promise.all([once(server, "listening"), once(udp, "listening")]);
}

async function call({ address, port, times }: { address: string; port: number; times: number }): Promise<string[]> {
  const answers: string[] = [];
  for (let time = 0; time < times; time++) {
    const socket = connect({ host: address, port });
    answers.push(await lineOn(socket));
    socket.destroy();
  }
  return answers;
}

async function get(url: string): Promise<readonly [status: number, body: unknown]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  return [response.status, await response.json()];
}

function say({ id, address, port }: { id: string; address: string; port: number }): Promise<string> {
  let socket = connections.get(id);
  if (socket === undefined) connections.set(id, (socket = connect({ host: address, port })));
  return lineOn(socket);
}

function lineOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const end = (answer: string) => {
      clearTimeout(timer);
      socket.removeAllListeners("data");
      resolve(answer);
    };
    const timer = setTimeout(() => {
      end("timeout");
    }, patienceMs);
    socket.once("data", (text) => {
      end(String(text));
    });
    socket.on("error", (error) => {
      end("code" in error ? String(error.code) : error.message);
    });
    socket.write("?");
  });
}

async function send({ id, address, port }: { id: string; address: string; port: number }): Promise<string> {
  let socket = sockets.get(id);
  if (socket === undefined) {
    sockets.set(id, (socket = createSocket(address.includes(":") ? "udp6" : "udp4")));
    // Only a connected socket is told that a port is unreachable.
    socket.connect(port, address);
    await once(socket, "connect");
  }
  return answerOn(socket);
}

function answerOn(socket: UdpSocket): Promise<string> {
  return new Promise((resolve) => {
    const end = (answer: string) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      end("timeout");
    }, patienceMs);
    socket.once("message", (text) => {
      end(String(text));
    });
    socket.once("error", (error) => {
      end("code" in error ? String(error.code) : error.message);
    });
    socket.send("?");
  });
}

function plain(address: string): string {
  return address.replace(/^::ffff:/, "");
}
