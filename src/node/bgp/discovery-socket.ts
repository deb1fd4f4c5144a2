import { Icmpv6Socket, linkGroups } from "../../linux/icmpv6-socket/index.ts";
import { linkAddresses } from "../../linux/link-addresses/index.ts";
import type { LinkPorts } from "./unnumbered-links.ts";

/** Router solicitation and advertisement (RFC 4861 §4.1, §4.2). */
const types = [133, 134];

/** The links of this machine. */
export const systemLinks: Pick<LinkPorts, "addresses" | "open"> = {
  addresses: linkAddresses,
  open(link, local, received) {
    const socket = new Icmpv6Socket({ interface: link, local, types, groups: [linkGroups["all-routers"]] });
    socket.onMessage(({ bytes, ...arrival }) => received(bytes, arrival));
    return {
      // What the system does not take now is said again in some seconds.
      send: (group, message) => void socket.send(linkGroups[group], message),
      close: () => socket.close(),
    };
  },
};
