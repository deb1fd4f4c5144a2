// The thread that holds sockets, timers and sessions, so that a busy main thread costs no false alarm.
import { parentPort } from "node:worker_threads";
import { raiseThreadPriority } from "../../linux/thread-priority/index.ts";
import { BfdSystem } from "../../protocols/bfd/index.ts";
import { systemClock, type Clock } from "../../protocols/clock/index.ts";
import type { News, Order } from "./thread-messages.ts";
import { UdpTransport } from "./udp-transport.ts";

/** As `process.hrtime`: the same in all threads. The system's timers drop fractions, and would come too early. */
const clock: Clock = {
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
  setTimer: (ms, run) => systemClock.setTimer(Math.ceil(ms), run),
};

function run(port: NonNullable<typeof parentPort>): void {
  const priority = raiseThreadPriority();
  const tell = (news: News) => port.postMessage(news);
  const system = new BfdSystem({ clock, transport: new UdpTransport() }, (change) =>
    tell({ type: "state-changed", change }),
  );
  system.listen();
  port.on("message", (order: Order) => {
    switch (order.type) {
      case "set-sessions":
        return system.setSessions(order.sessions);
      case "tell-status":
        return tell({ type: "status", id: order.id, status: { priority, ...system.status } });
      case "stop":
        return system.stop(() => port.close());
    }
  });
}

if (parentPort !== null) run(parentPort);
