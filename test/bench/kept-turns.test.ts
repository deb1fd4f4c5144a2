import assert from "node:assert/strict";
import { appendFile, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Figure } from "../../bench/metallb/figure.ts";
import { KeptTurns } from "../../bench/metallb/kept-turns.ts";

const figure = (value: number): Figure => ({ group: "one", what: "POST answered", unit: "ms", name: "BIRD", value });

test("turns that are kept in a file are there when it is opened again, by the number of Services", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "fairlead-turns-"));
  const file = join(folder.path, "turns");
  const first = await KeptTurns.open(file);
  await first.add(1_000, [figure(1), figure(2)]);
  await first.add(5_000, [figure(3)]);
  const again = await KeptTurns.open(file);
  await again.add(1_000, [figure(4)]);
  assert.deepEqual(again.with(1_000), [[figure(1), figure(2)], [figure(4)]]);
  assert.deepEqual((await KeptTurns.open(file)).with(5_000), [[figure(3)]]);
});

test("a line that is no turn is named", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "fairlead-turns-"));
  const file = join(folder.path, "turns");
  await (await KeptTurns.open(file)).add(1_000, [figure(1)]);
  await appendFile(file, '{"services":1000,"figures":[{}]}\n');
  await assert.rejects(KeptTurns.open(file), { message: /turns, line 2 is no turn of this benchmark/ });
});

test("without a file they are kept as long as the process lives", async () => {
  const turns = await KeptTurns.open(undefined);
  await turns.add(1_000, [figure(1)]);
  assert.deepEqual(turns.with(1_000), [[figure(1)]]);
});
