import type { Address, AddressFamily } from "../../net/index.ts";

/** RFC 5881 §4. */
export const echoPort = 3785;
const udp = 17;
const udpHeaderLength = 8;
const ipHeaderLength: Readonly<Record<AddressFamily, number>> = { 4: 20, 6: 40 };
/** CS6, internetwork control (RFC 4594 §3.1). */
const trafficClass = 0xc0;
const ttl = 255;

/** A UDP packet in IP from `address` to itself: whoever gets it and forwards packets sends it back. */
export function encodeEchoDatagram(address: Address, payload: Uint8Array): Uint8Array {
  const { family } = address;
  const ipLength = ipHeaderLength[family];
  const udpLength = udpHeaderLength + payload.length;
  const bytes = new Uint8Array(ipLength + udpLength);
  const view = new DataView(bytes.buffer);
  if (family === 4) writeIpv4Header(view, address.value, udpLength);
  else writeIpv6Header(view, address.value, udpLength);
  view.setUint16(ipLength, echoPort);
  view.setUint16(ipLength + 2, echoPort);
  view.setUint16(ipLength + 4, udpLength);
  bytes.set(payload, ipLength + udpHeaderLength);
  // The pseudo-header (RFC 768, RFC 8200 §8.1): both addresses, which lie last in the IP header, protocol and length.
  const addresses = family === 4 ? 12 : 8;
  const checksum = checksumOf(view, addresses, bytes.length, udp + udpLength);
  view.setUint16(ipLength + 6, checksum === 0 ? 0xffff : checksum); // 0 would say that there is none
  return bytes;
}

function writeIpv4Header(view: DataView, address: number, udpLength: number): void {
  view.setUint8(0, 0x45);
  view.setUint8(1, trafficClass);
  view.setUint16(2, ipHeaderLength[4] + udpLength);
  view.setUint16(6, 0x4000); // is not to be cut
  view.setUint8(8, ttl);
  view.setUint8(9, udp);
  view.setUint32(12, address);
  view.setUint32(16, address);
  view.setUint16(10, checksumOf(view, 0, ipHeaderLength[4], 0));
}

function writeIpv6Header(view: DataView, address: bigint, udpLength: number): void {
  view.setUint32(0, (6 << 28) | (trafficClass << 20));
  view.setUint16(4, udpLength);
  view.setUint8(6, udp);
  view.setUint8(7, ttl);
  for (const at of [8, 24]) {
    view.setBigUint64(at, address >> 64n);
    view.setBigUint64(at + 8, address & 0xffffffffffffffffn);
  }
}

/** RFC 1071, over the octets from `start` to `end`, an even number of them but for the last. */
function checksumOf(view: DataView, start: number, end: number, initial: number): number {
  let sum = initial;
  for (let at = start; at < end; at += 2) sum += at + 1 < end ? view.getUint16(at) : view.getUint8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface UdpInIp {
  readonly source: Address;
  readonly ttl: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** `undefined` where the octets are no whole UDP packet in IP. Never throws. */
export function decodeUdpInIp(bytes: Uint8Array): UdpInIp | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = (bytes[0] ?? 0) >>> 4 === 4 ? 4 : 6;
  const ipLength = family === 4 ? ((bytes[0] ?? 0) & 15) * 4 : ipHeaderLength[6];
  if (ipLength < ipHeaderLength[family] || bytes.length < ipLength + udpHeaderLength) return undefined;
  const udpLength = view.getUint16(ipLength + 4);
  if (udpLength < udpHeaderLength || ipLength + udpLength > bytes.length) return undefined;
  return {
    source:
      family === 4
        ? { family, value: view.getUint32(12) }
        : { family, value: (view.getBigUint64(8) << 64n) | view.getBigUint64(16) },
    ttl: view.getUint8(family === 4 ? 8 : 7),
    destinationPort: view.getUint16(ipLength + 2),
    payload: bytes.subarray(ipLength + udpHeaderLength, ipLength + udpLength),
  };
}
