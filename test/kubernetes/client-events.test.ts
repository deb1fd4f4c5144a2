import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, EventRecorder } from "../../src/kubernetes/client/index.ts";
import { Service } from "../../src/kubernetes/resources/index.ts";
import { SimulatedClock } from "../../src/protocols/clock/index.ts";
import { hastyPorts, json, ModelServer, until } from "./client-model-server.ts";

test("of more events than are remembered none is lost before it is written", async () => {
  const server = new ModelServer();
  const told = new Set<string>();
  server.script = ({ body }, response) => {
    const event = JSON.parse(body) as { involvedObject: { name: string } };
    told.add(event.involvedObject.name);
    json(response, 201, event);
    return true;
  };
  await server.listen();
  const client = new Client(server.access, { ports: hastyPorts });
  const stop = new AbortController();
  try {
    const recorder = new EventRecorder(client, {
      component: "test",
      instance: "one",
      onFailure: (error) => assert.fail(String(error)),
    });
    const names = Array.from({ length: 4_200 }, (_, index) => `s${index}`);
    for (const name of names) {
      const service = Service.schema.parse({ metadata: { name, namespace: "default", uid: name }, spec: {} });
      recorder.record(service, { type: "Normal", reason: "IPAllocated", message: "an address" });
    }
    const running = recorder.run(stop.signal);
    await recorder.idle();
    stop.abort(new Error("the test is over"));
    await running;
    assert.deepEqual(told, new Set(names));
  } finally {
    stop.abort(new Error("the test is over"));
    client.close();
    await server.close();
  }
});

test("events are written when a moment has passed without one, and one that is repeated by then is one write", async () => {
  await onModel(async ({ recorder, clock, counts }) => {
    recorder.record(service, happening);
    clock.advance(499);
    recorder.record(service, happening);
    clock.advance(499);
    await aMoment();
    assert.deepEqual(counts, []);
    clock.advance(1);
    await until("it is written", () => counts.length > 0);
    await recorder.idle();
    assert.deepEqual(counts, [2]);
  });
});

test("where events go on and on they are written after ten seconds, and from then on as they come", async () => {
  await onModel(async ({ recorder, clock, counts }) => {
    for (let ms = 0; ms < 10_000; ms += 400) {
      recorder.record(service, { ...happening, message: `at ${ms}` });
      await aMoment();
      assert.deepEqual(counts, []);
      clock.advance(400);
    }
    await until("they are written", () => counts.length === 25);
    recorder.record(service, { ...happening, message: "one more" });
    await until("it is written", () => counts.length === 26);
  });
});

const service = Service.schema.parse({ metadata: { name: "web", namespace: "default", uid: "web" }, spec: {} });
const happening = { type: "Normal", reason: "IPAllocated", message: "an address" } as const;

interface OnModel {
  readonly recorder: EventRecorder;
  readonly clock: SimulatedClock;
  /** Of each event that was written, the count in it. */
  readonly counts: readonly number[];
}

async function onModel(story: (on: OnModel) => Promise<void>): Promise<void> {
  const server = new ModelServer();
  const counts: number[] = [];
  server.script = ({ body }, response) => {
    const event = JSON.parse(body) as { count: number };
    counts.push(event.count);
    json(response, 201, event);
    return true;
  };
  await server.listen();
  const clock = new SimulatedClock();
  const client = new Client(server.access, { ports: { ...hastyPorts, clock } });
  const stop = new AbortController();
  const onFailure = (error: unknown) => assert.fail(String(error));
  const recorder = new EventRecorder(client, { component: "test", instance: "one", burst: 100, onFailure });
  const running = recorder.run(stop.signal);
  try {
    await story({ recorder, clock, counts });
  } finally {
    stop.abort(new Error("the test is over"));
    await running;
    client.close();
    await server.close();
  }
}

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
