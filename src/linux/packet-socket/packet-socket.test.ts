import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import koffi from "koffi";
import { interfaceIndex } from "../libc/index.ts";
import { PacketSocket, udpFilter } from "./index.ts";

/** CLONE_NEWNET of `unshare(2)`: a namespace of this process's own, which goes with it. */
const newNetwork = 0x40000000;
koffi.load("libc.so.6").func("int unshare(int flags)")(newNetwork);
const [here, there] = ["here", "there"];

before(() => {
  execFileSync("ip", ["link", "add", here, "type", "veth", "peer", "name", there]);
  for (const link of [here, there]) execFileSync("ip", ["link", "set", link, "up"]);
});

function hardwareAddressOf(link: string): Uint8Array {
  const [shown] = JSON.parse(execFileSync("ip", ["-json", "link", "show", link], { encoding: "utf8" })) as [
    { address: string },
  ]; // iproute2's form
  return Buffer.from(shown.address.replaceAll(":", ""), "hex");
}

/** IP headers with no more in them than the filter looks at; from the address to itself, as echo packets are. */
const packets = {
  4: (port: number, payload: string, fragment = 0) => {
    const bytes = Buffer.concat([Buffer.alloc(28), Buffer.from(payload)]);
    bytes[0] = 0x45;
    bytes.writeUInt16BE(bytes.length, 2);
    bytes.writeUInt16BE(fragment, 6);
    bytes[9] = 17;
    bytes.writeUInt16BE(port, 22);
    return bytes;
  },
  6: (port: number, payload: string, _fragment = 0) => {
    const bytes = Buffer.concat([Buffer.alloc(48), Buffer.from(payload)]);
    bytes[0] = 0x60;
    bytes.writeUInt16BE(bytes.length - 40, 4);
    bytes[6] = 17;
    bytes.writeUInt16BE(port, 42);
    return bytes;
  },
} as const;

for (const family of [4, 6] as const) {
  test(`IPv${family} packets come with the sender's hardware address, and what the filter does not name does not come`, async () => {
    using stack = new DisposableStack();
    const open = (link: string) => {
      const socket = new PacketSocket(family, interfaceIndex(link) ?? 0, udpFilter(family, [3784, 3785]));
      stack.defer(() => socket.close());
      return socket;
    };
    const [sender, receiver] = [open(here), open(there)];
    const received: string[] = [];
    receiver.onPacket(({ bytes, hardwareAddress }) => {
      assert.deepEqual(Buffer.from(hardwareAddress), hardwareAddressOf(here));
      received.push(Buffer.from(bytes.subarray(family === 4 ? 28 : 48)).toString());
    });
    const to = hardwareAddressOf(there);
    const packet = packets[family];
    assert.ok(sender.send(packet(179, "another port"), to));
    if (family === 4) assert.ok(sender.send(packet(3785, "a fragment", 100), to));
    assert.ok(sender.send(packet(3785, "for another machine"), Uint8Array.of(2, 0, 0, 0, 0, 1)));
    assert.ok(sender.send(packet(3784, "control"), to));
    assert.ok(sender.send(packet(3785, "echo"), to));
    for (let tries = 0; tries < 1_000 && received.length < 2; tries++) await wait(10);
    assert.deepEqual(received, ["control", "echo"]);
  });
}

test("all that waits is read within the call that asks for it, also where it is much", () => {
  using stack = new DisposableStack();
  const [sender, receiver] = [here, there].map((link) => {
    const socket = new PacketSocket(4, interfaceIndex(link) ?? 0, udpFilter(4, [3785]));
    stack.defer(() => socket.close());
    return socket;
  });
  const to = hardwareAddressOf(there);
  for (let sent = 0; sent < 200; sent++) sender?.send(packets[4](3785, "one"), to);
  let count = 0;
  receiver?.readPending(() => count++);
  assert.equal(count, 200);
});

test("a closed socket sends nothing, and a link that is not there is named with the system's code", () => {
  const socket = new PacketSocket(4, interfaceIndex(here) ?? 0, udpFilter(4, [3785]));
  socket.close();
  assert.equal(socket.send(packets[4](3785, "late"), hardwareAddressOf(there)), false);
  assert.throws(() => new PacketSocket(4, 999_999, udpFilter(4, [3785])), {
    code: "ENODEV",
    message: "packet socket for IPv4 on link 999999: ENODEV",
  });
});
