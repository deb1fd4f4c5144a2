import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Nftables } from "./nftables.ts";

// What is run here is refused, so that nothing of it stays in this machine's own network.
describe("nftables", () => {
  const table = `inet fairlead-test-${process.pid}`;
  let nftables: Nftables;
  before(() => {
    nftables = new Nftables();
  });
  after(() => nftables.close());

  it("refuses a transaction as a whole, and names the line", async () => {
    const commands = [
      `add table ${table}`,
      `add set ${table} s { type ipv4_addr; }`,
      `add element ${table} s { 192.0.2.1 }`,
      `delete element ${table} s { 192.0.2.2 }`,
    ];
    await assert.rejects(nftables.run(commands.join("\n")), {
      name: "NftablesError",
      code: "nftables.refused",
      line: { number: 4, text: commands[3] },
      message: /No such file or directory, in line 4: delete element/,
    });
    assert.ok(!JSON.stringify(await nftables.list("list tables")).includes(`${process.pid}`));
  });

  it("names the line of what it cannot read", async () => {
    await assert.rejects(nftables.run(`add table ${table}\nadd nonsense`), {
      line: { number: 2, text: "add nonsense" },
    });
  });

  it("goes on after a refusal, with runs in the order in which they were asked for", async () => {
    const order: string[] = [];
    await Promise.all([
      nftables.run("nonsense").catch(() => order.push("refused")),
      nftables.list("list tables").then(() => order.push("listed")),
    ]);
    assert.deepEqual(order, ["refused", "listed"]);
  });
});
