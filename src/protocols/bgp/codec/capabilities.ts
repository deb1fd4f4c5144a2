import type { Capability, ExtendedNextHop, GracefulRestartCapability } from "./messages.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

/** The registry's codes of what we read; the rest of its names are for display. */
const codes = {
  multiprotocol: 1,
  "route-refresh": 2,
  "extended-next-hop": 5,
  "extended-message": 6,
  "graceful-restart": 64,
  "four-octet-as": 65,
  "enhanced-route-refresh": 70,
} as const satisfies Record<Exclude<Capability["type"], "unknown">, number>;

const otherNames: Readonly<Record<number, string>> = {
  9: "role",
  69: "add-path",
  71: "long-lived-graceful-restart",
  73: "fqdn",
  75: "software-version",
  128: "route-refresh (pre-standard)",
};

const forwardingBit = 0x80;
const restartingBit = 0x8000;
const notificationBit = 0x4000;

/** A short name of a capability, with its address family where it has one. */
export function describeCapability(capability: Capability): string {
  switch (capability.type) {
    case "multiprotocol":
      return `multiprotocol ${familyName(capability.afi, capability.safi)}`;
    case "graceful-restart":
      return `graceful-restart ${capability.restartTimeSeconds} s`;
    case "unknown":
      return otherNames[capability.code] ?? `capability ${capability.code}`;
    default:
      return capability.type;
  }
}

function familyName(afi: number, safi: number): string {
  if (safi === 1 && (afi === 1 || afi === 2)) return afi === 1 ? "ipv4-unicast" : "ipv6-unicast";
  return `${afi}/${safi}`;
}

/** The capabilities in one optional parameter of type 2 (RFC 5492 §4). */
export function decodeCapabilities(parameter: Reader): Capability[] {
  const capabilities: Capability[] = [];
  while (parameter.remaining > 0) {
    const code = parameter.u8();
    const value = parameter.bytes(parameter.u8());
    capabilities.push(decodeCapability(code, value));
  }
  return capabilities;
}

/** One that we know but whose length is wrong is kept as unknown: RFC 5492 §3 wants what is not understood ignored. */
function decodeCapability(code: number, value: Uint8Array): Capability {
  const fields = new Reader(value, () => new ProtocolError(2, 0));
  const { length } = value;
  if (code === codes.multiprotocol && length === 4) {
    const afi = fields.u16();
    fields.u8(); // reserved: "SHOULD be ignored" (RFC 4760 §8)
    return { type: "multiprotocol", afi, safi: fields.u8() };
  }
  if (code === codes["four-octet-as"] && length === 4) return { type: "four-octet-as", asn: fields.u32() };
  if (code === codes["route-refresh"] && length === 0) return { type: "route-refresh" };
  if (code === codes["enhanced-route-refresh"] && length === 0) return { type: "enhanced-route-refresh" };
  if (code === codes["extended-message"] && length === 0) return { type: "extended-message" };
  if (code === codes["extended-next-hop"] && length % 6 === 0) return extendedNextHop(fields);
  if (code === codes["graceful-restart"] && length >= 2 && length % 4 === 2) return gracefulRestart(fields);
  return { type: "unknown", code, value: new Uint8Array(value) };
}

/** RFC 8950 §4: the SAFI takes two octets here. */
function extendedNextHop(fields: Reader): Capability {
  const families: ExtendedNextHop[] = [];
  while (fields.remaining > 0) families.push({ afi: fields.u16(), safi: fields.u16(), nextHopAfi: fields.u16() });
  return { type: "extended-next-hop", families };
}

function gracefulRestart(fields: Reader): Capability {
  const head = fields.u16();
  const families: { afi: number; safi: number; forwarding: boolean }[] = [];
  while (fields.remaining > 0) {
    families.push({ afi: fields.u16(), safi: fields.u8(), forwarding: (fields.u8() & forwardingBit) !== 0 });
  }
  return {
    type: "graceful-restart",
    restarting: (head & restartingBit) !== 0,
    notification: (head & notificationBit) !== 0,
    restartTimeSeconds: head & 0xfff,
    families,
  };
}

export function encodeCapability(capability: Capability, out: Writer): void {
  out.u8(capability.type === "unknown" ? capability.code : codes[capability.type]);
  const lengthAt = out.length;
  out.u8(0);
  encodeValue(capability, out);
  out.patchU8(lengthAt, out.length - lengthAt - 1);
}

function encodeValue(capability: Capability, out: Writer): void {
  switch (capability.type) {
    case "multiprotocol":
      out.u16(capability.afi);
      out.u8(0);
      return out.u8(capability.safi);
    case "four-octet-as":
      return out.u32(capability.asn);
    case "extended-next-hop":
      for (const { afi, safi, nextHopAfi } of capability.families) {
        out.u16(afi);
        out.u16(safi);
        out.u16(nextHopAfi);
      }
      return undefined;
    case "graceful-restart":
      return encodeGracefulRestart(capability, out);
    case "unknown":
      return out.bytes(capability.value);
    case "route-refresh":
    case "enhanced-route-refresh":
    case "extended-message":
      return undefined;
  }
}

function encodeGracefulRestart(capability: GracefulRestartCapability, out: Writer): void {
  const { restarting, notification, restartTimeSeconds } = capability;
  out.u16((restarting ? restartingBit : 0) | (notification ? notificationBit : 0) | (restartTimeSeconds & 0xfff));
  for (const { afi, safi, forwarding } of capability.families) {
    out.u16(afi);
    out.u8(safi);
    out.u8(forwarding ? forwardingBit : 0);
  }
}
