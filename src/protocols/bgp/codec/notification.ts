import type { NotificationMessage } from "./messages.ts";

/**
 * The NOTIFICATION codes and subcodes that we send or name: RFC 4271 §4.5, RFC 4486, RFC 5492, RFC 6608, RFC 8538, RFC
 * 9234, RFC 9384. The names are the registry's.
 */
const codes: Readonly<Record<number, { readonly name: string; readonly subcodes: Readonly<Record<number, string>> }>> =
  {
    1: {
      name: "Message Header Error",
      subcodes: { 1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type" },
    },
    2: {
      name: "OPEN Message Error",
      subcodes: {
        1: "Unsupported Version Number",
        2: "Bad Peer AS",
        3: "Bad BGP Identifier",
        4: "Unsupported Optional Parameter",
        6: "Unacceptable Hold Time",
        7: "Unsupported Capability",
        11: "Role Mismatch",
      },
    },
    3: {
      name: "UPDATE Message Error",
      subcodes: {
        1: "Malformed Attribute List",
        2: "Unrecognized Well-known Attribute",
        3: "Missing Well-known Attribute",
        4: "Attribute Flags Error",
        5: "Attribute Length Error",
        6: "Invalid ORIGIN Attribute",
        8: "Invalid NEXT_HOP Attribute",
        9: "Optional Attribute Error",
        10: "Invalid Network Field",
        11: "Malformed AS_PATH",
      },
    },
    4: { name: "Hold Timer Expired", subcodes: {} },
    5: {
      name: "Finite State Machine Error",
      subcodes: {
        1: "Receive Unexpected Message in OpenSent State",
        2: "Receive Unexpected Message in OpenConfirm State",
        3: "Receive Unexpected Message in Established State",
      },
    },
    6: {
      name: "Cease",
      subcodes: {
        1: "Maximum Number of Prefixes Reached",
        2: "Administrative Shutdown",
        3: "Peer De-configured",
        4: "Administrative Reset",
        5: "Connection Rejected",
        6: "Other Configuration Change",
        7: "Connection Collision Resolution",
        8: "Out of Resources",
        9: "Hard Reset",
        10: "BFD Down",
      },
    },
    7: { name: "ROUTE-REFRESH Message Error", subcodes: { 1: "Invalid Message Length" } },
    8: { name: "Send Hold Timer Expired", subcodes: {} },
  };

/** The subcodes of Cease that this speaker sends (RFC 4486 §4). */
export const cease = {
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollisionResolution: 7,
  hardReset: 9,
  /** RFC 9384. */
  bfdDown: 10,
} as const;

/**
 * RFC 9003 §2: the data of a Cease that tells the operator of the other side why; at most 255 octets of UTF-8, cut
 * between characters.
 */
export function shutdownData(message: string): Uint8Array {
  const encoded = new Uint8Array(255);
  const { written } = new TextEncoder().encodeInto(message, encoded);
  return written === 0 ? new Uint8Array() : Uint8Array.of(written, ...encoded.subarray(0, written));
}

/** RFC 8538 §3.1: a Cease that is not followed by a graceful restart; the data says what it would have been without. */
export function hardReset({
  code,
  subcode,
  data,
}: Omit<NotificationMessage, "type">): Omit<NotificationMessage, "type"> {
  return { code: 6, subcode: cease.hardReset, data: Uint8Array.of(code, subcode, ...data) };
}

export function isHardReset({ code, subcode }: { readonly code: number; readonly subcode: number }): boolean {
  return code === 6 && subcode === cease.hardReset;
}

/** A NOTIFICATION as people read it. */
export interface NotificationDescription {
  readonly code: number;
  readonly subcode: number;
  readonly codeName: string;
  /** Absent where the code has no subcodes or the subcode is 0 or has no name. */
  readonly subcodeName?: string;
  /** RFC 9003: what the operator of the other side wrote when shutting down. Untrusted; control characters removed. */
  readonly shutdownMessage?: string;
  /** What a Hard Reset (RFC 8538 §3.1) would have been without graceful restart. */
  readonly inner?: NotificationDescription;
  /** The data field in hexadecimal; absent when empty. */
  readonly dataHex?: string;
}

export function describeNotification(message: Omit<NotificationMessage, "type">): NotificationDescription {
  const { code, subcode, data } = message;
  const subcodeName = codes[code]?.subcodes[subcode];
  const [innerCode, innerSubcode = 0] = data;
  const inner =
    isHardReset(message) && innerCode !== undefined && !isHardReset({ code: innerCode, subcode: innerSubcode })
      ? describeNotification({ code: innerCode, subcode: innerSubcode, data: data.subarray(2) })
      : undefined;
  const text = code === 6 && (subcode === 2 || subcode === 4) ? shutdownMessage(data) : undefined;
  return {
    code,
    subcode,
    codeName: codes[code]?.name ?? `Unknown (${code})`,
    ...(subcodeName === undefined ? {} : { subcodeName }),
    ...(text === undefined ? {} : { shutdownMessage: text }),
    ...(inner === undefined ? {} : { inner }),
    ...(data.length === 0 ? {} : { dataHex: Buffer.from(data).toString("hex") }),
  };
}

/** RFC 9003 §2: one octet of length, then UTF-8; `undefined` if it is not that. */
function shutdownMessage(data: Uint8Array): string | undefined {
  const length = data[0];
  if (length === undefined || length === 0 || data.length < 1 + length) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1, 1 + length));
    return text.replaceAll(/\p{Cc}+/gu, " ").trim();
  } catch {
    return undefined; // not UTF-8: the bytes are still shown as `dataHex`
  }
}

/**
 * What is wrong with bytes that a peer sent, in the words of the NOTIFICATION that must answer it (RFC 4271 §6).
 * Decoders throw it among themselves; `decodeMessage` gives it back as a value.
 */
export class ProtocolError extends Error {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;

  constructor(code: number, subcode: number, data: Uint8Array = new Uint8Array()) {
    const { codeName, subcodeName } = describeNotification({ code, subcode, data });
    super(`BGP ${code}/${subcode}: ${codeName}${subcodeName === undefined ? "" : `, ${subcodeName}`}`);
    this.name = "ProtocolError";
    this.code = code;
    this.subcode = subcode;
    this.data = data;
  }

  get notification(): NotificationMessage {
    return { type: "notification", code: this.code, subcode: this.subcode, data: this.data };
  }
}

/** As elsewhere, what is kept is copied by the constructor: `slice` of a Buffer would be a view that keeps it alive. */
export function decodeNotification(body: Uint8Array): NotificationMessage {
  const [code = 0, subcode = 0] = body;
  return { type: "notification", code, subcode, data: new Uint8Array(body.subarray(2)) };
}
