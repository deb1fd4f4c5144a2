import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../src/kubernetes/client/index.ts";
import { ConfigurationWatch } from "../../src/snapshot/index.ts";
import { hastyPorts, json, ModelServer, until } from "./client-model-server.ts";

test("whoever waits for a configuration whose Secret is not answered hears that it is over", async () => {
  const peer = {
    metadata: { name: "tor", namespace: "metallb-system", uid: "1", resourceVersion: "1" },
    spec: { myASN: 65_211, peerASN: 65_210, peerAddress: "10.10.2.210", passwordSecret: { name: "bgp" } },
  };
  const server = new ModelServer();
  let isAsked = false;
  server.script = ({ url }, response) => {
    if (url.pathname.endsWith("/secrets")) isAsked = true;
    else if (!url.searchParams.has("watch")) {
      const items = url.pathname.endsWith("/bgppeers") ? [peer] : [];
      json(response, 200, { metadata: { resourceVersion: "1" }, items });
    }
    return true;
  };
  await server.listen();
  const client = new Client(server.access, { ports: hastyPorts });
  const stop = new AbortController();
  try {
    const options = { namespace: "metallb-system", nodes: () => [] };
    const watch = new ConfigurationWatch(client, options, { state: () => undefined }, stop.signal);
    const synced = assert.rejects(watch.synced(), /leadership was lost/);
    await until("its Secret is asked for", () => isAsked);
    stop.abort(new Error("leadership was lost"));
    await synced;
  } finally {
    stop.abort(new Error("the test is over"));
    client.close();
    await server.close();
  }
});
