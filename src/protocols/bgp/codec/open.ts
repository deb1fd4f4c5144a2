import { decodeCapabilities, encodeCapability } from "./capabilities.ts";
import { maxMessageLength, type Capability, type OpenMessage } from "./messages.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, Writer } from "./wire.ts";

const version = 4;
const capabilitiesParameter = 2;
/** RFC 9072 §2: where the first parameter's type would be, it says that lengths of two octets follow. */
const extendedParameters = 255;

/** RFC 4271 §4.2; what is wrong in itself, without knowing the peer's configuration, is refused as §6.2 says. */
export function decodeOpen(body: Uint8Array): OpenMessage {
  const fields = new Reader(body, () => new ProtocolError(2, 0));
  if (fields.u8() !== version) throw new ProtocolError(2, 1, Uint8Array.of(0, version));
  const asn = fields.u16();
  const holdTimeSeconds = fields.u16();
  const routerId = fields.ipv4();
  const { parameters, isExtended } = parametersOf(fields);
  const capabilities: Capability[] = [];
  while (parameters.remaining > 0) {
    const type = parameters.u8();
    const parameter = parameters.part(isExtended ? parameters.u16() : parameters.u8());
    if (type !== capabilitiesParameter) throw new ProtocolError(2, 4);
    capabilities.push(...decodeCapabilities(parameter));
  }
  return { type: "open", asn, holdTimeSeconds, routerId, capabilities };
}

/** The extended form is told by the first type alone: the length before it should be 255, but need only not be 0. */
function parametersOf(fields: Reader): { parameters: Reader; isExtended: boolean } {
  const length = fields.u8();
  const rest = fields.part(fields.remaining);
  const parameters = rest.copy();
  const isExtended = length > 0 && rest.remaining >= 3 && rest.u8() === extendedParameters;
  const expected = isExtended ? rest.u16() : length;
  const found = isExtended ? rest : parameters;
  if (expected !== found.remaining) throw new ProtocolError(2, 0);
  return { parameters: found, isExtended };
}

/**
 * All capabilities in one optional parameter, in RFC 9072's form only where they need it. Throws `RangeError` if no OPEN
 * holds them.
 */
export function encodeOpen(open: OpenMessage, out: Writer): void {
  out.u8(version);
  out.u16(open.asn);
  out.u16(open.holdTimeSeconds);
  out.u32(open.routerId.value);
  const capabilities = new Writer(maxMessageLength);
  for (const capability of open.capabilities) encodeCapability(capability, capabilities);
  const { length } = capabilities;
  if (length > 253) {
    out.u8(255);
    out.u8(extendedParameters);
    out.u16(length + 3);
    out.u8(capabilitiesParameter);
    out.u16(length);
  } else if (length > 0) {
    out.u8(length + 2);
    out.u8(capabilitiesParameter);
    out.u8(length);
  } else out.u8(0);
  out.bytes(capabilities.take());
}
