import { decodeCapabilities, encodeCapability } from "./capabilities.ts";
import type { Capability, OpenMessage } from "./messages.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

const version = 4;
const capabilitiesParameter = 2;

/** RFC 4271 §4.2; what is wrong in itself, without knowing the peer's configuration, is refused as §6.2 says. */
export function decodeOpen(body: Uint8Array): OpenMessage {
  const fields = new Reader(body, () => new ProtocolError(2, 0));
  if (fields.u8() !== version) throw new ProtocolError(2, 1, Uint8Array.of(0, version));
  const asn = fields.u16();
  const holdTimeSeconds = fields.u16();
  const routerId = fields.ipv4();
  const parametersLength = fields.u8();
  if (parametersLength !== fields.remaining) throw new ProtocolError(2, 0);
  const capabilities: Capability[] = [];
  while (fields.remaining > 0) {
    const type = fields.u8();
    const parameter = fields.part(fields.u8());
    if (type !== capabilitiesParameter) throw new ProtocolError(2, 4);
    capabilities.push(...decodeCapabilities(parameter));
  }
  return { type: "open", asn, holdTimeSeconds, routerId, capabilities };
}

/** All capabilities in one optional parameter. Throws `RangeError` if they do not fit in its 253 octets. */
export function encodeOpen(open: OpenMessage, out: Writer): void {
  out.u8(version);
  out.u16(open.asn);
  out.u16(open.holdTimeSeconds);
  out.u32(open.routerId.value);
  const lengthAt = out.length;
  out.u8(0);
  if (open.capabilities.length === 0) return;
  out.u8(capabilitiesParameter);
  out.u8(0);
  for (const capability of open.capabilities) encodeCapability(capability, out);
  const parameters = out.length - lengthAt - 1;
  if (parameters > 255) throw new RangeError(`capabilities of ${parameters - 2} octets: one OPEN holds 253`);
  out.patchU8(lengthAt, parameters);
  out.patchU8(lengthAt + 2, parameters - 2);
}
