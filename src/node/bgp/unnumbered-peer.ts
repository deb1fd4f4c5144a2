import type { ListenEndpoint, PeerConfig } from "../../protocols/bgp/index.ts";
import type { LinkEnds } from "./unnumbered-links.ts";

/** What the configuration of an unnumbered peer says of where it is, as far as it is known; `ends` of a link that is up. */
export function unnumberedPlace(
  link: string,
  ends: LinkEnds | undefined,
): Pick<PeerConfig, "interface" | "remoteAddress" | "localAddress" | "nextHops"> {
  if (ends === undefined) return { interface: link };
  const { linkLocal, global, neighbour } = ends;
  return {
    interface: link,
    localAddress: linkLocal,
    ...(neighbour === undefined ? {} : { remoteAddress: neighbour }),
    // Without one the link-local address alone is the next hop, for IPv4 too (RFC 8950).
    ...(global === undefined ? {} : { nextHops: { 4: global, 6: global } }),
  };
}

/** Where connections of the neighbours on a link are accepted, while it is up. */
export function unnumberedListener(link: string, ends: LinkEnds | undefined, port: number): ListenEndpoint[] {
  return ends === undefined ? [] : [{ address: ends.linkLocal, port, interface: link }];
}
