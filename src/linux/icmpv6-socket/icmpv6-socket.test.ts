import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { formatAddress, ipv6, parseAddress, type Ipv6Address } from "../../net/index.ts";
import { Icmpv6Socket, linkGroups, type ReceivedMessage } from "./index.ts";

const [here, there] = [`nd${process.pid}a`, `nd${process.pid}b`];

function ip(args: string): string {
  return execFileSync("ip", args.split(" "), { encoding: "utf8" });
}

before(() => {
  ip(`link add ${here} type veth peer name ${there}`);
  for (const link of [here, there]) {
    // Without duplicate address detection the addresses can be used at once.
    execFileSync("sysctl", ["-q", "-w", `net.ipv6.conf.${link}.accept_dad=0`]);
    ip(`link set ${link} up`);
  }
});

after(() => void ip(`link delete ${here}`));

/** The link-local address, once the kernel lets it be used. */
function linkLocalOf(link: string): Ipv6Address {
  for (;;) {
    const text = /inet6 (fe80::\S+)\/64 scope link(?! tentative)/.exec(ip(`-6 address show dev ${link}`))?.[1];
    const address = parseAddress(text ?? "");
    if (address?.family === 6) return address;
  }
}

test("a solicitation to all routers comes with hop limit 255 from the link-local address, and no other type comes", async () => {
  const source = linkLocalOf(here);
  const sender = new Icmpv6Socket({ interface: here, local: source, types: [], groups: [] });
  const receiver = new Icmpv6Socket({
    interface: there,
    local: linkLocalOf(there),
    types: [133],
    groups: [linkGroups["all-routers"]],
  });
  const received = Promise.withResolvers<ReceivedMessage & { type: number | undefined }>();
  receiver.onMessage((message) => received.resolve({ ...message, type: message.bytes[0] }));
  assert.equal(
    sender.send(linkGroups["all-routers"], Uint8Array.of(134, 0, 0, 0, ...Array.from({ length: 12 }, () => 0))),
    undefined,
  );
  assert.equal(sender.send(linkGroups["all-routers"], Uint8Array.of(133, 0, 0, 0, 0, 0, 0, 0)), undefined);
  const { type, hopLimit, source: from, bytes } = await received.promise;
  assert.deepEqual([type, hopLimit, formatAddress(from), bytes.length], [133, 255, formatAddress(source), 8]);
  sender.close();
  receiver.close();
});

test("a link or an address that is not there is named", () => {
  const open = (link: string) => () =>
    new Icmpv6Socket({ interface: link, local: ipv6((0xfe80n << 112n) | 1n), types: [], groups: [] });
  assert.throws(open("nowhere"), { code: "ENODEV", message: "ICMPv6 socket on nowhere: ENODEV" });
  assert.throws(open(here), { code: "EADDRNOTAVAIL", message: `ICMPv6 socket on ${here}: EADDRNOTAVAIL` });
});
