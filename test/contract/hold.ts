import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { contract } from "./cases/index.ts";
import type { BeyondEmbedded } from "./contract.ts";
import type { ContractServer } from "./servers.ts";

/** Makes a test of each line of the contract, held against one server. */
export function holdContract(
  start: () => Promise<ContractServer>,
  beyond: (server: ContractServer, line: BeyondEmbedded) => Promise<void>,
): void {
  let server: ContractServer;
  before(async () => {
    server = await start();
  });
  after(async () => {
    await server?.stop();
  });
  for (const { about, cases, beyondEmbedded = [] } of contract) {
    describe(about, () => {
      for (const [name, run] of Object.entries(cases)) test(name, () => server.hold(run));
      for (const line of beyondEmbedded) test(line.name, () => beyond(server, line));
    });
  }
}

/** It says that it cannot, and what it was that was asked for. */
export async function isRefused(server: ContractServer, { refused }: BeyondEmbedded): Promise<void> {
  const { code, text } = await server.raw.call(refused.method, refused.path, "{}");
  assert.equal(code, 501, text);
  assert.match(text, refused.names);
}
