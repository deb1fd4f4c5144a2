import type { Message } from "../codec/messages.ts";

type Counts = Record<Message["type"], number>;

/** Messages and bytes of all connections with one peer since it was added. */
export class TrafficCounters {
  readonly sent = noMessages();
  readonly received = noMessages();
  bytesSent = 0;
  bytesReceived = 0;
}

function noMessages(): Counts {
  return { open: 0, update: 0, notification: 0, keepalive: 0, "route-refresh": 0 };
}
