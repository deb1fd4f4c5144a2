import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import koffi from "koffi";
import { formatAddress } from "../../net/index.ts";
import { linkAddresses } from "./link-addresses.ts";

/** CLONE_NEWNET of `unshare(2)`: a namespace of this process's own, which goes with it. */
const newNetwork = 0x40000000;
koffi.load("libc.so.6").func("int unshare(int flags)")(newNetwork);
ip("link add one type veth peer name other");
ip("link set other up");

for (const order of [
  ["permanent", "dynamic"],
  ["dynamic", "permanent"],
] as const) {
  test(`of two global addresses the one without an end comes first: ${order.join(" before ")}`, async () => {
    ip("link set one up");
    const add = {
      permanent: () => ip("address add 2001:db8::1/64 dev one nodad"),
      dynamic: () => ip("address add 2001:db8::2/64 dev one nodad valid_lft 3600 preferred_lft 3600"),
    };
    for (const kind of order) add[kind]();
    while (linkAddresses("one") === undefined) await wait(20); // its link-local address is being tried for being unique
    assert.deepEqual(linkAddresses("one")?.others.map(formatAddress), ["2001:db8::1", "2001:db8::2"]);
    ip("link set one down");
    ip("address flush dev one");
  });
}

function ip(args: string): void {
  execFileSync("ip", args.split(" "));
}
