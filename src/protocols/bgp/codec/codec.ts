import type { Frame } from "./framing.ts";
import { headerLength, maxMessageLength, messageTypes, type CodecContext, type Message } from "./messages.ts";
import { decodeNotification, ProtocolError } from "./notification.ts";
import { decodeOpen, encodeOpen } from "./open.ts";
import { decodeRouteRefresh } from "./route-refresh.ts";
import { decodeUpdate, encodeUpdate } from "./update.ts";
import { Writer } from "./wire.ts";

/** The message in `frame`, or what is wrong with it. Throws nothing. What it gives shares no memory with `frame`. */
export function decodeMessage(frame: Frame, context: CodecContext): Message | ProtocolError {
  try {
    switch (frame.type) {
      case messageTypes.open:
        return decodeOpen(frame.body);
      case messageTypes.update:
        return decodeUpdate(frame.body, context);
      case messageTypes.notification:
        return decodeNotification(frame.body);
      case messageTypes.keepalive:
        return { type: "keepalive" };
      case messageTypes["route-refresh"]:
        return decodeRouteRefresh(frame.body);
      default:
        return new ProtocolError(1, 3, Uint8Array.of(frame.type));
    }
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** The bytes of `message`, header included. Throws `RangeError` if they are more than a message may have. */
export function encodeMessage(message: Message, context: CodecContext): Uint8Array {
  const out = new Writer(message.type === "open" ? maxMessageLength : (context.maxMessageLength ?? maxMessageLength));
  beginMessage(out, messageTypes[message.type]);
  switch (message.type) {
    case "open":
      encodeOpen(message, out);
      break;
    case "update":
      encodeUpdate(message, context, out);
      break;
    case "notification":
      out.u8(message.code);
      out.u8(message.subcode);
      out.bytes(message.data.subarray(0, out.room));
      break;
    case "route-refresh":
      out.u16(message.afi);
      out.u8(message.subtype);
      out.u8(message.safi);
      break;
    case "keepalive":
      break;
  }
  return endMessage(out);
}

/** Starts a message in an empty or used writer; its length is filled in by `endMessage`. */
export function beginMessage(out: Writer, type: number): void {
  out.truncate(0);
  out.fill(0xff, 16);
  out.u16(headerLength);
  out.u8(type);
}

export function endMessage(out: Writer): Uint8Array {
  out.patchU16(16, out.length);
  return out.take();
}
