// Announces prefixes to one neighbour, and prints what the neighbour announces, until it is interrupted:
//   node bgp.ts LOCAL-ADDRESS LOCAL-ASN REMOTE-ADDRESS REMOTE-ASN PREFIX…
// It listens on port 179, which needs root (or CAP_NET_BIND_SERVICE).
import { describeSessionError, formatPrefix, parseAddress, parsePrefix, Speaker, systemPorts } from "fairlead/bgp";

const [local = "", localAsn, remote = "", remoteAsn, ...announced] = process.argv.slice(2);
const localAddress = parseAddress(local);
const remoteAddress = parseAddress(remote);
const prefixes = announced.map((text) => parsePrefix(text)).filter((prefix) => prefix !== undefined);
if (localAddress === undefined || remoteAddress === undefined || prefixes.length < announced.length) {
  console.error("usage: node bgp.ts LOCAL-ADDRESS LOCAL-ASN REMOTE-ADDRESS REMOTE-ASN PREFIX…");
  process.exit(2);
}
if (localAddress.family !== 4) throw new Error("this example takes its router id from an IPv4 address");

const speaker = new Speaker(systemPorts, {
  asn: Number(localAsn),
  routerId: localAddress,
  listen: [{ address: localAddress, port: 179 }],
});

speaker.onChange(({ name, status }) => {
  const reason = status.state === "established" || status.lastError === undefined ? "" : status.lastError;
  console.log(`${name}: ${status.state}${reason === "" ? "" : `, ${describeSessionError(reason)}`}`);
});

const peer = speaker.addPeer({
  name: remote,
  remoteAddress,
  remoteAsn: Number(remoteAsn),
  localAddress,
  holdTimeMs: 9_000,
});
peer.onReceived(({ announced, withdrawn }) => {
  for (const { prefix } of announced) console.log(`+ ${formatPrefix(prefix)}`);
  for (const prefix of withdrawn) console.log(`- ${formatPrefix(prefix)}`);
});
peer.setRoutes(prefixes.map((prefix) => ({ prefix, attributes: { med: 10 } })));
peer.tableComplete();
await speaker.listen();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void speaker.stop({ drainMs: 500, message: "the example was interrupted" }));
}
