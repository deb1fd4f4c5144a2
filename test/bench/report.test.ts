import assert from "node:assert/strict";
import { test } from "node:test";
import { asJson, renderTable, spreadOf, type Result, type Table } from "../../bench/report.ts";

const table: Table = {
  title: "From here to there",
  measurements: [
    { name: "one way", unit: "ms", runs: [30, 1.2345, 2] },
    { name: "UPDATE messages", unit: "", runs: [13, 13] },
  ],
};
const result: Result = { benchmark: "sail", command: "npm run bench -- sail", tables: [table] };

test("a table says the median, the spread and how it is made again", () => {
  assert.equal(
    renderTable(table, result.command),
    `From here to there
  npm run bench -- sail

                   median  unit  least to most  runs
  one way          2       ms    1.23 to 30     3
  UPDATE messages  13            always         2
`,
  );
});

test("the median is a value that was measured", () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2, least: 1, most: 4 });
});

test("the JSON has every run beside what follows from them", () => {
  const machine = { processor: "p", cores: 1, memoryMiB: 1, kernel: "k", at: "", versions: {} };
  const { results } = asJson(machine, [result]) as { results: Result[] };
  assert.deepEqual(results[0]?.tables[0]?.measurements[1], {
    name: "UPDATE messages",
    unit: "",
    runs: [13, 13],
    median: 13,
    least: 13,
    most: 13,
  });
});
