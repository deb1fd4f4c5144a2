import { headerLength, messageTypes, type RouteRefreshMessage } from "./messages.ts";
import { ProtocolError } from "./notification.ts";

/** What a ROUTE-REFRESH says (RFC 7313 §3.2). */
export const refreshSubtypes = { request: 0, begin: 1, end: 2 } as const;

/** RFC 2918 §3; `body` has at least four octets, and more only with a filter of RFC 5291, which we never offer to take. */
export function decodeRouteRefresh(body: Uint8Array): RouteRefreshMessage {
  const [afiHigh = 0, afiLow = 0, subtype = 0, safi = 0] = body;
  if (body.length !== 4 && (subtype === refreshSubtypes.begin || subtype === refreshSubtypes.end)) {
    throw invalidLength(body);
  }
  return { type: "route-refresh", afi: (afiHigh << 8) | afiLow, safi, subtype };
}

/** RFC 7313 §5: the data is the whole message. */
function invalidLength(body: Uint8Array): ProtocolError {
  const length = headerLength + body.length;
  const header = [...new Uint8Array(16).fill(0xff), length >>> 8, length & 255, messageTypes["route-refresh"]];
  return new ProtocolError(7, 1, Uint8Array.from([...header, ...body]));
}
