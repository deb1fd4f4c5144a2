// What a controller does when it cannot lead any more, or cannot go on at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { Registry } from "prom-client";
import { controllerMetrics, nothingReserved, runController } from "../../src/controller/index.ts";
import { lead } from "../../src/kubernetes/client/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, Stage } from "./stage.ts";

const log = pino({ level: "silent" });
const events = { record: () => {} };

test("a controller that was away from the API server for too long leads and works again when it is back", async () => {
  await using stage = await Stage.start();
  await stage.configure();
  const stop = new AbortController();
  const metrics = controllerMetrics(new Registry());
  const terms: AbortSignal[] = [];
  const reserved = nothingReserved();
  const times = { leaseDurationMs: 1_000, renewDeadlineMs: 700, retryMs: 100 };
  const leading = lead(
    stage.client,
    { namespace, name: "controller", identity: "a", ...times },
    (signal) => {
      terms.push(signal);
      return runController({ client: stage.client, events, metrics, log, reserved }, { namespace }, signal);
    },
    stop.signal,
  );
  try {
    await stage.addService("a");
    await stage.hasAddress("a", "172.19.100.1");
    await stage.stopApi();
    await until("its leadership is over", () => terms[0]?.aborted === true);
    await stage.startApi();
    await stage.addService("b");
    await stage.hasAddress("b", "172.19.100.2");
    assert.equal(await stage.addressOf("a"), "172.19.100.1");
    assert.equal(terms.length, 2);
  } finally {
    stop.abort();
    await leading;
  }
});

test("a controller in which something is broken ends with the error, so that it is started anew", async () => {
  await using stage = await Stage.start();
  await stage.configure();
  const metrics = controllerMetrics(new Registry());
  const broken = {
    ...metrics,
    configuration: () => {
      throw new Error("broken");
    },
  };
  const running = runController(
    { client: stage.client, events, metrics: broken, log, reserved: nothingReserved() },
    { namespace },
    new AbortController().signal,
  );
  await assert.rejects(running, { message: "broken" });
});
