import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4, parseAddress } from "../../net/index.ts";
import type { Connection, Endpoint, TransportError } from "../../protocols/bgp/index.ts";
import { tcpTransport } from "./tcp-transport.ts";

const loopback = ipv4(0x7f000001);

/** One end of a connection that remembers what came. */
class Recorded {
  readonly connection: Connection;
  received = 0;
  readonly ended = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<TransportError | undefined>();
  drained = Promise.withResolvers<void>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  open(): this {
    this.connection.open({
      received: (bytes) => void (this.received += bytes.length),
      drained: () => this.drained.resolve(),
      ended: () => this.ended.resolve(),
      closed: (error) => this.closed.resolve(error),
    });
    return this;
  }
}

function dial(remote: Endpoint): Promise<Connection> {
  return new Promise((connected, failed) => void tcpTransport.dial({ remote }, { connected, failed }));
}

/** Both ends of a connection over the loopback, neither opened yet. */
async function pair(address = loopback as Endpoint["address"]): Promise<[Recorded, Recorded]> {
  const accepted = Promise.withResolvers<Connection>();
  const listener = await tcpTransport.listen({ address, port: 0 }, accepted.resolve);
  const near = await dial(listener.local);
  const far = await accepted.promise;
  await listener.close();
  return [new Recorded(near), new Recorded(far)];
}

for (const text of ["127.0.0.1", "::1"]) {
  test(`both ends of a connection to ${text} know their own and the other's address and port`, async () => {
    const address = parseAddress(text);
    assert.ok(address);
    const [near, far] = await pair(address);
    assert.deepEqual(near.connection.remote, far.connection.local);
    assert.deepEqual(near.connection.local, far.connection.remote);
    assert.deepEqual(near.connection.remote.address, address);
    near.open().connection.end();
    far.open().connection.end();
    await Promise.all([near.closed.promise, far.closed.promise]);
  });
}

test("a port where nobody listens is refused, one that is taken is in use", async () => {
  const listener = await tcpTransport.listen({ address: loopback, port: 0 }, () => {});
  await assert.rejects(
    tcpTransport.listen(listener.local, () => {}),
    { code: "transport.address-in-use" },
  );
  await listener.close();
  await assert.rejects(dial(listener.local), { code: "transport.refused" });
});

test("a writer is asked to wait when the reader does not read, and told when there is room again", async () => {
  const [near, far] = await pair();
  near.open();
  const message = new Uint8Array(4_096);
  let written = 0;
  let hasRoom = true;
  // The kernel takes some megabytes before it pushes back.
  for (let turn = 0; turn < 5_000 && hasRoom; turn++) {
    for (let count = 0; count < 15 && hasRoom; count++) {
      hasRoom = near.connection.write(message);
      written += message.length;
    }
    await new Promise((resolve) => void setImmediate(resolve));
  }
  assert.equal(hasRoom, false);
  far.open();
  await near.drained.promise;
  near.connection.end();
  await far.ended.promise;
  assert.equal(far.received, written);
  far.connection.end();
  assert.equal(await near.closed.promise, undefined);
});

test("what was written before the end arrives although the other side still writes", async () => {
  const [near, far] = await pair();
  near.open();
  far.open();
  far.connection.write(new Uint8Array(1_000_000));
  near.connection.write(new Uint8Array(21));
  near.connection.end();
  await far.ended.promise;
  assert.equal(far.received, 21);
  far.connection.end();
  await Promise.all([near.closed.promise, far.closed.promise]);
});

test("a connection that is destroyed is reset for the other side", async () => {
  const [near, far] = await pair();
  far.open();
  near.open().connection.destroy();
  assert.equal((await far.closed.promise)?.code, "transport.reset");
  assert.equal(await near.closed.promise, undefined);
});

function never(): void {
  assert.fail("was cancelled");
}

test("an attempt that is cancelled says nothing any more", async () => {
  const listener = await tcpTransport.listen({ address: loopback, port: 0 }, (connection) => connection.destroy());
  tcpTransport.dial({ remote: listener.local }, { connected: never, failed: never }).cancel();
  await new Promise((resolve) => void setTimeout(resolve, 50));
  await listener.close();
});

for (const text of ["127.0.0.1", "::1"]) {
  test(`a connection to ${text} that is signed and limited to one hop carries what is written`, async () => {
    const address = parseAddress(text);
    assert.ok(address);
    const accepted = Promise.withResolvers<Connection>();
    const peer = { address, md5Password: "secret", ttlSecurityHops: 1 };
    const listener = await tcpTransport.listen({ address, port: 0 }, accepted.resolve, { peers: [peer] });
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const options = { remote: listener.local, localAddress: address, md5Password: "secret", ttlSecurityHops: 1 };
    tcpTransport.dial(options, { connected: resolve, failed: reject });
    const near = new Recorded(await promise).open();
    const far = new Recorded(await accepted.promise).open();
    near.connection.write(new Uint8Array(100));
    near.connection.end();
    await far.ended.promise;
    assert.equal(far.received, 100);
    far.connection.end();
    await Promise.all([near.closed.promise, far.closed.promise, listener.close()]);
  });
}

test("a key that a listener is told later holds from then on, until it is taken back", async () => {
  const accepted: Connection[] = [];
  const listener = await tcpTransport.listen({ address: loopback, port: 0 }, (each) => void accepted.push(each));
  listener.setPeers([{ address: loopback, md5Password: "secret" }]);
  const outcomes: string[] = [];
  const unsigned = tcpTransport.dial(
    { remote: listener.local },
    { connected: () => outcomes.push("connected"), failed: () => outcomes.push("failed") },
  );
  const signed = await new Promise<Connection>((connected, failed) => {
    tcpTransport.dial({ remote: listener.local, md5Password: "secret" }, { connected, failed });
  });
  assert.deepEqual(outcomes, [], "who does not sign gets no answer");
  unsigned.cancel();
  listener.setPeers([]);
  const later = await dial(listener.local);
  for (const connection of [signed, later, ...accepted]) connection.destroy();
  await listener.close();
});

test("a VRF that does not exist is an error of the attempt, and of the listener", async () => {
  const remote = { address: loopback, port: 1 };
  const failure = await new Promise<TransportError>((resolve, reject) => {
    tcpTransport.dial({ remote, vrf: "no-such-vrf" }, { connected: reject, failed: resolve });
  });
  assert.match(failure.message, /setsockopt/);
  await assert.rejects(
    tcpTransport.listen({ address: loopback, port: 0 }, () => {}, { vrf: "no-such-vrf", peers: [] }),
    /setsockopt/,
  );
});
