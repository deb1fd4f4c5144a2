import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { randomNumbers, World } from "./testing.ts";

test("whatever is lost, cut, changed and restarted, in the end both are up with what was asked for last", () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("wait" as const), ms: fc.nat(3_000) }),
    fc.record({ type: fc.constant("cut" as const), isCut: fc.boolean() }),
    fc.record({
      type: fc.constant("set" as const),
      host: fc.constantFrom(0 as const, 1 as const),
      ms: fc.integer({ min: 10, max: 2_000 }),
    }),
    fc.record({ type: fc.constant("remove" as const), host: fc.constantFrom(0 as const, 1 as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.integer(), (steps, seed) => {
      const random = randomNumbers(seed);
      let lossRate = 0.2;
      const world = new World({ loses: () => random() < lossRate }, seed);
      const hosts = [world.host(0), world.host(1)] as const;
      const wanted: [number, number] = [300, 300];
      for (const each of steps) {
        if (each.type === "wait") world.clock.advance(each.ms);
        if (each.type === "cut") world.cable.isCut = each.isCut;
        if (each.type === "remove") hosts[each.host].system.setSessions([]);
        if (each.type === "set") {
          wanted[each.host] = each.ms;
          hosts[each.host].set({ transmitIntervalMs: each.ms, receiveIntervalMs: each.ms });
        }
      }
      lossRate = 0;
      world.cable.isCut = false;
      for (const index of [0, 1] as const) {
        hosts[index].set({ transmitIntervalMs: wanted[index], receiveIntervalMs: wanted[index] });
      }
      world.clock.advance(30_000);
      const slower = Math.max(...wanted);
      for (const host of hosts) {
        assert.equal(host.state, "up");
        assert.equal(host.status.transmitIntervalMs, slower);
        assert.equal(host.status.detectionTimeMs, 3 * slower);
      }
      assert.equal(world.sent.at(-1)?.packet.poll, false);
      assert.ok(world.sent.every(({ packet }) => !(packet.poll && packet.final)));
    }),
    { numRuns: 200 },
  );
});
