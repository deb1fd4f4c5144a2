// A process that waits for 10.0.0.2 and announces COUNT host routes to it until it is ended; prints when it sent its OPEN (ms since 1970).
import { ipv4 } from "../src/net/index.ts";
import { tcpTransport } from "../src/node/bgp/tcp-transport.ts";
import { Speaker } from "../src/protocols/bgp/index.ts";
import { systemClock } from "../src/protocols/clock/index.ts";

const count = Number(process.argv[2]);
const speaker = new Speaker(
  { clock: systemClock, transport: tcpTransport },
  { asn: 65211, routerId: ipv4(0x0a000001) },
);
const peer = speaker.addPeer({ name: "frr", remoteAddress: ipv4(0x0a000002), remoteAsn: 65210 });
peer.setRoutes(
  Array.from({ length: count }, (_, index) => ({ prefix: { address: ipv4(0xac100000 + index), length: 32 } })),
);
const stopWatching = peer.onChange(({ status }) => {
  if (status.state !== "open-sent") return;
  process.stdout.write(`${performance.timeOrigin + status.stateSince}\n`);
  stopWatching();
});
await speaker.listen();
