/**
 * What our echo packets hold (RFC 5880 §5: a local matter, for nobody but the sender reads it): which session they are of,
 * their number, and what nobody off the path can know, so that a path cannot be held up by made-up answers (§9).
 */
export interface EchoPacket {
  readonly discriminator: number;
  readonly sequenceNumber: number;
  readonly nonce: number;
}

export const echoPacketLength = 16;
/** Tells ours from those of other programs, which share the port: FRR's begin with 1. */
const magic = 0xfa1ead00;

export function encodeEchoPacket({ discriminator, sequenceNumber, nonce }: EchoPacket): Uint8Array {
  const bytes = new Uint8Array(echoPacketLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint32(4, discriminator);
  view.setUint32(8, sequenceNumber);
  view.setUint32(12, nonce);
  return bytes;
}

/** `undefined` where the packet is none of ours. Never throws. */
export function decodeEchoPacket(bytes: Uint8Array): EchoPacket | undefined {
  if (bytes.length !== echoPacketLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== magic) return undefined;
  return { discriminator: view.getUint32(4), sequenceNumber: view.getUint32(8), nonce: view.getUint32(12) };
}
