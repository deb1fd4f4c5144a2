import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChangeQueue, type Queued } from "./change-queue.ts";

test("a queue gives what a Set would give, whatever comes, goes and comes again", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.boolean()), { maxLength: 600 });
  fc.assert(
    fc.property(steps, (taken) => {
      const items = Array.from({ length: 91 }, (): Queued => ({ queuedIn: undefined }));
      const queue = new ChangeQueue<Queued>();
      const waiting = new Set<Queued>();
      for (const [index, comes] of taken) {
        const item = items[index];
        assert.ok(item);
        if (comes === waiting.has(item)) continue;
        if (comes) queue.push(item);
        else queue.remove(item);
        if (comes) waiting.add(item);
        else waiting.delete(item);
        assert.equal(queue.size, waiting.size);
      }
      const drained = new Set<Queued>();
      for (let item = queue.peek(); item !== undefined; item = queue.peek()) {
        drained.add(item);
        queue.remove(item);
      }
      assert.deepEqual(drained, waiting);
      assert.equal(queue.size, 0);
    }),
  );
});
