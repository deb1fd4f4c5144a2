// A speaker at 10.0.0.1 that announces COUNT host routes to 10.0.0.2 with graceful restart, until it is killed.
import { ipv4 } from "../../src/net/index.ts";
import { tcpTransport } from "../../src/node/bgp/tcp-transport.ts";
import { Speaker } from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";

const count = Number(process.argv[2]);
const speaker = new Speaker(
  { clock: systemClock, transport: tcpTransport },
  { asn: 65211, routerId: ipv4(0x0a000001), listen: [{ address: ipv4(0x0a000001), port: 179 }] },
);
const peer = speaker.addPeer({
  name: "peer",
  remoteAddress: ipv4(0x0a000002),
  remoteAsn: 65210,
  connectRetryMs: { least: 200, most: 200 },
  gracefulRestart: { restartTimeMs: 15_000 },
});
peer.setRoutes(
  Array.from({ length: count }, (_, index) => ({ prefix: { address: ipv4(0xac140000 + index), length: 32 } })),
);
peer.tableComplete();
await speaker.listen();
