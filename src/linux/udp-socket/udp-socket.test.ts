import assert from "node:assert/strict";
import { test } from "node:test";
import { address } from "../../net/testing.ts";
import { encodeSocketAddress, interfaceIndex, interfaceName, type ReceivedDatagram } from "../libc/index.ts";
import { UdpSocket } from "./index.ts";

/** A socket on a port that is free, found by trying. */
function open(text: string, ttl: number): { socket: UdpSocket; port: number } {
  for (let port = 50_000 + (process.pid % 10_000); ; port++) {
    try {
      return { socket: new UdpSocket({ local: { address: address(text), port }, ttl, trafficClass: 0xc0 }), port };
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EADDRINUSE");
    }
  }
}

for (const [text, ttl] of [
  ["127.0.0.1", 255],
  ["127.0.0.1", 7],
  ["::1", 254],
] as const) {
  test(`a datagram to ${text} shows its TTL of ${ttl}, from where, to where and by which link it came`, async () => {
    const here = open(text, ttl);
    const there = open(text, ttl);
    const received = Promise.withResolvers<ReceivedDatagram & { text: string }>();
    there.socket.onDatagram((datagram) =>
      received.resolve({ ...datagram, text: Buffer.from(datagram.bytes).toString() }),
    );
    const to = encodeSocketAddress({ address: address(text), port: there.port });
    assert.equal(here.socket.send(Buffer.from("hello"), to), undefined);
    const datagram = await received.promise;
    assert.equal(datagram.text, "hello");
    assert.equal(datagram.ttl, ttl);
    assert.deepEqual([datagram.source.address, datagram.source.port], [address(text), here.port]);
    assert.deepEqual(datagram.destination, address(text));
    assert.equal(interfaceName(datagram.interfaceIndex), "lo");
    assert.equal(interfaceIndex("lo"), datagram.interfaceIndex);
    here.socket.close();
    there.socket.close();
  });
}

test("a port that is taken, an address and a link that are not there are named with the system's code", () => {
  const { socket, port } = open("127.0.0.1", 255);
  const local = (text: string, device?: string) => () =>
    new UdpSocket({
      local: { address: address(text), port },
      ttl: 255,
      trafficClass: 0,
      ...(device === undefined ? {} : { interface: device }),
    });
  assert.throws(local("127.0.0.1"), {
    code: "EADDRINUSE",
    message: `UDP socket at 127.0.0.1 port ${port}: EADDRINUSE`,
  });
  assert.throws(local("192.0.2.1"), { code: "EADDRNOTAVAIL" });
  assert.throws(local("127.0.0.1", "nowhere"), { code: "ENODEV" });
  assert.equal(interfaceIndex("nowhere"), undefined);
  socket.close();
});

test("all that waits is read within the call that asks for it, also where it is much", () => {
  const [here, there] = [open("127.0.0.1", 255), open("127.0.0.1", 255)];
  const to = encodeSocketAddress({ address: address("127.0.0.1"), port: there.port });
  for (let sent = 0; sent < 200; sent++) here.socket.send(Buffer.from("hello"), to);
  let count = 0;
  there.socket.readPending(() => count++);
  here.socket.close();
  there.socket.close();
  assert.equal(count, 200);
});
