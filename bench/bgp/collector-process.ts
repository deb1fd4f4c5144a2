// A process that takes SESSIONS sessions from 10.1.0.0/16 and does with their routes what INBOUND says; tells when all are
// established, and when it has had ROUTES routes.
import { ipv4 } from "../../src/net/index.ts";
import { tcpTransport } from "../../src/node/bgp/index.ts";
import { Speaker } from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { collectorAddress, neighbourOf } from "./collecting.ts";

const [sessions = "0", inbound = "count", routes = "0"] = process.argv.slice(2);
const address = ipv4(collectorAddress);
const speaker = new Speaker(
  { clock: systemClock, transport: tcpTransport },
  { asn: 65210, routerId: address, listen: [{ address, port: 179 }] },
);
const keeping = inbound === "keep" ? ("keep" as const) : ("count" as const);
speaker.setPeers(
  Array.from({ length: Number(sessions) }, (_, index) => ({
    name: String(index),
    remoteAddress: ipv4(neighbourOf(index)),
    remoteAsn: "external",
    passive: true,
    inbound: keeping,
  })),
);
const established = new Set<string>();
speaker.onChange(({ name, state }) => {
  if (state !== "established" || established.has(name)) return;
  established.add(name);
  if (established.size === Number(sessions)) process.send?.("established");
});
await speaker.listen();
process.send?.("ready");
const [first] = speaker.peers.values();
if (Number(routes) > 0) {
  const watching = setInterval(() => {
    if (first?.status.prefixes.received.announced !== Number(routes)) return;
    clearInterval(watching);
    process.send?.("routes");
  }, 1);
}
