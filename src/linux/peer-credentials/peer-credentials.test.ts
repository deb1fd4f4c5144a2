import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { peerUserOf } from "./peer-credentials.ts";

const nobody = 65_534;

test("each side of a Unix socket knows the user of the other, as it was when it connected or listened", async (t) => {
  const path = `\0fairlead/test/${process.pid}`;
  const server = createServer().listen({ path });
  t.after(() => server.close());
  await once(server, "listening");
  process.seteuid?.(nobody);
  const client = connect({ path });
  process.seteuid?.(0);
  const [accepted] = (await once(server, "connection")) as [Socket]; // what the event carries
  assert.equal(peerUserOf(accepted), nobody);
  assert.equal(peerUserOf(client), 0);
  client.destroy();
  accepted.destroy();
  assert.equal(peerUserOf(client), undefined);
});
