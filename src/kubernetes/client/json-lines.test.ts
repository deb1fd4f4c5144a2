import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineCutter } from "./json-lines.ts";

test("however a stream is cut into chunks, its lines are the same", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" })),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (texts, sizes) => {
        const lines = texts.map((text) => JSON.stringify(text));
        const stream = Buffer.from(lines.map((line) => `${line}\n`).join("\n"));
        const cutter = new LineCutter();
        const cut: string[] = [];
        for (let start = 0; start < stream.length;) {
          const end = start + (sizes.next().value ?? 1);
          cut.push(...cutter.cut(stream.subarray(start, end)));
          start = end;
        }
        assert.deepEqual(cut, lines);
        assert.equal(cutter.isAmidLine, false);
      },
    ),
  );
});

test("a line that does not end is noticed before it fills the memory", () => {
  const cutter = new LineCutter();
  const chunk = Buffer.alloc(2 ** 20, "x");
  let chunks = 0;
  for (; !cutter.isTooLong; chunks += 1) assert.deepEqual([...cutter.cut(chunk)], []);
  assert.equal(chunks, 33);
});
