// What we, FRR and BIRD make of the corpus of malformed BFD packets: each case in a session of its own, all at once.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bfdCorpus } from "../corpus/bfd-corpus.ts";
import { bfdDifferences } from "../corpus/bfd-differences.ts";
import { Bfdd } from "./bfdd.ts";
import { until } from "./frr.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";
import { Program } from "./peer-implementation.ts";
import { RawBfdNeighbour, RawBfdNeighbours } from "./raw-bfd-neighbours.ts";

enterOwnNamespace();

const asked = "10.0.0.2";
const elsewhere = "10.0.2.1";
const callers = bfdCorpus.map((_, index) => `10.0.1.${index + 1}`);

async function fairlead(namespace: string): Promise<AsyncDisposable> {
  const program = await Program.in(namespace);
  program.start(process.execPath, join(import.meta.dirname, "bfd-agent.ts"), ...callers);
  return program;
}

function frr(namespace: string): Promise<AsyncDisposable> {
  return Bfdd.start(
    namespace,
    callers.map((address) => `peer ${address} local-address ${asked}`),
  );
}

async function bird(namespace: string): Promise<AsyncDisposable> {
  const program = await Program.in(namespace);
  const neighbours = callers.map((address) => `  neighbor ${address} dev "eth0";`);
  const bfd = ["protocol bfd {", '  interface "*" { interval 300 ms; multiplier 3; };', ...neighbours, "}"];
  await writeFile(program.file("bird.conf"), ["router id 1.1.1.1;", "protocol device {}", ...bfd, ""].join("\n"));
  program.start("bird", "-f", "-c", program.file("bird.conf"), "-s", program.file("ctl"), "-P", program.file("pid"));
  return program;
}

for (const [name, start, key] of [
  ["Fairlead", fairlead, undefined],
  ["FRR", frr, "frr"],
  ["BIRD", bird, "bird"],
] as const) {
  test(`${name} answers malformed BFD packets as docs/reference/bfd-malformed.md says`, async () => {
    const here = ["10.0.0.1", elsewhere, ...callers].map((address) => `${address}/16`);
    using neighbour = new Neighbour("malformed", here, [`${asked}/16`]);
    await using stack = new AsyncDisposableStack();
    stack.use(await start(neighbour.name));
    const played = bfdCorpus.map(
      (each, index) => new RawBfdNeighbour(each, callers[index] ?? "", index, asked, elsewhere),
    );
    stack.use(new RawBfdNeighbours(played));
    await until("all sessions are up", () => played.every(({ isUp }) => isUp));
    for (const each of played) each.misbehave();
    await until("all is read", () => {
      for (const each of played) if (each.answer === undefined) each.sayMore();
      return played.every(({ answer }) => answer !== undefined);
    });
    const expected = bfdCorpus.map((each) => [
      each.name,
      (key === undefined ? undefined : bfdDifferences[each.name]?.[key]) ?? each.answer,
    ]);
    assert.deepEqual(
      Object.fromEntries(played.map(({ case: { name }, answer }) => [name, answer])),
      Object.fromEntries(expected),
    );
  });
}
