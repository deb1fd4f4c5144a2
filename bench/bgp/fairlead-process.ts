// A process that waits for 10.0.0.2 and announces PREFIXES host routes with SETS sets of attributes to it until it is ended.
import { ipv4 } from "../../src/net/index.ts";
import { tcpTransport } from "../../src/node/bgp/index.ts";
import { Speaker, type RouteAttributes } from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { addressOf, communityOf, localAsn } from "./workload.ts";

const [prefixes = 0, attributeSets = 1] = process.argv.slice(2).map(Number);
const workload = { prefixes, attributeSets };
const speaker = new Speaker(
  { clock: systemClock, transport: tcpTransport },
  { asn: localAsn, routerId: ipv4(0x0a000001), listen: [{ address: ipv4(0x0a000001), port: 179 }] },
);
const peer = speaker.addPeer({ name: "frr", remoteAddress: ipv4(0x0a000002), remoteAsn: 65210, passive: true });
const sets = Array.from({ length: attributeSets }, (_, set): RouteAttributes => ({
  communities: [localAsn * 65_536 + set],
}));
const routes = Array.from({ length: prefixes }, (_, index) => ({
  prefix: { address: ipv4(addressOf(index)), length: 32 },
  attributes: sets[communityOf(index, workload)] ?? {},
}));
peer.setRoutes(routes);
await speaker.listen();
process.on("message", (wish) => {
  peer.setRoutes(wish === "announce" ? routes : []);
  process.send?.("done");
});
process.send?.("ready");
