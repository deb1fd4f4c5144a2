import type { Capability } from "./messages.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

const multiprotocol = 1;
const fourOctetAs = 65;

/** The registry's names, for display. */
const names: Readonly<Record<number, string>> = {
  1: "multiprotocol",
  2: "route-refresh",
  5: "extended-next-hop",
  6: "extended-message",
  9: "role",
  64: "graceful-restart",
  65: "four-octet-as",
  69: "add-path",
  70: "enhanced-route-refresh",
  71: "long-lived-graceful-restart",
  73: "fqdn",
  75: "software-version",
  128: "route-refresh (pre-standard)",
};

/** A short name of a capability, with its address family where it has one. */
export function describeCapability(capability: Capability): string {
  switch (capability.type) {
    case "multiprotocol":
      return `multiprotocol ${familyNames[`${capability.afi}/${capability.safi}`] ?? `${capability.afi}/${capability.safi}`}`;
    case "four-octet-as":
      return "four-octet-as";
    case "unknown":
      return names[capability.code] ?? `capability ${capability.code}`;
  }
}

const familyNames: Readonly<Record<string, string>> = { "1/1": "ipv4-unicast", "2/1": "ipv6-unicast" };

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
  if (code === multiprotocol && value.length === 4) {
    const afi = fields.u16();
    fields.u8(); // reserved: "SHOULD be ignored" (RFC 4760 §8)
    return { type: "multiprotocol", afi, safi: fields.u8() };
  }
  if (code === fourOctetAs && value.length === 4) return { type: "four-octet-as", asn: fields.u32() };
  return { type: "unknown", code, value: value.slice() };
}

export function encodeCapability(capability: Capability, out: Writer): void {
  switch (capability.type) {
    case "multiprotocol":
      out.u8(multiprotocol);
      out.u8(4);
      out.u16(capability.afi);
      out.u8(0);
      out.u8(capability.safi);
      return;
    case "four-octet-as":
      out.u8(fourOctetAs);
      out.u8(4);
      out.u32(capability.asn);
      return;
    case "unknown":
      out.u8(capability.code);
      out.u8(capability.value.length);
      out.bytes(capability.value);
  }
}
