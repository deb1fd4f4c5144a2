// A process of SESSIONS speakers with an address each, which dial the collector; the first announces ROUTES routes.
import { ipv4 } from "../../src/net/index.ts";
import { tcpTransport } from "../../src/node/bgp/index.ts";
import { Speaker } from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { collectorAddress, neighbourOf } from "./collecting.ts";
import { addressOf } from "./workload.ts";

const [sessions = 0, routes = 0] = process.argv.slice(2).map(Number);
const sets = Array.from({ length: 10 }, (_, set) => ({ communities: [65_001 * 65_536 + set] }));
for (let index = 0; index < sessions; index++) {
  const localAddress = ipv4(neighbourOf(index));
  const speaker = new Speaker(
    { clock: systemClock, transport: tcpTransport },
    { asn: 65_001 + (index % 200), routerId: localAddress },
  );
  const remoteAddress = ipv4(collectorAddress);
  const peer = speaker.addPeer({ name: "collector", remoteAddress, remoteAsn: 65210, localAddress });
  if (index > 0) continue;
  peer.setRoutes(
    Array.from({ length: routes }, (_, route) => ({
      prefix: { address: ipv4(addressOf(route)), length: 32 },
      attributes: sets[route % sets.length] ?? {},
    })),
  );
}
