// The embedded API server loses its process, over and over, amid writes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "./kubectl.ts";
import { RawClient } from "./raw-client.ts";

/** So many in a moment; all fifty (FAIRLEAD_TEST_KILLS=50) take minutes. */
const rounds = Number(process.env["FAIRLEAD_TEST_KILLS"] ?? 10);
const writes = 1_000;
const writers = 8;
const configMaps = "/api/v1/namespaces/default/configmaps";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-killed-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

test(`nothing acknowledged is lost when it is killed with -9 at a random moment of ${writes} writes, ${rounds} times`, async () => {
  /** What the server has said of each object: its value, or that it is deleted. */
  const acknowledged = new Map<string, string | undefined>();
  for (let round = 0; round < rounds; round++) {
    const killAfter = randomInt(1, writes);
    await withServer(round, async (client, kill) => {
      const there = await valuesOf(client);
      for (const [name, value] of acknowledged) assert.equal(there.get(name), value, `round ${round}: ${name}`);
      let done = 0;
      const told = () => {
        if (++done === killAfter) kill();
      };
      // Each writer has names of its own, so that what it was told last is what must be there.
      await Promise.allSettled(
        Array.from({ length: writers }, (_, writer) => write(client, writer, acknowledged, told)),
      );
    });
  }
});

/** Creates, changes and deletes its own objects until the server is gone, or has taken its part of the writes. */
async function write(
  client: RawClient,
  writer: number,
  acknowledged: Map<string, string | undefined>,
  told: () => void,
): Promise<void> {
  for (let count = 0; count < writes / writers; count++) {
    const name = `w${writer}-${randomInt(40)}`;
    const value = `${Date.now()}-${count}`;
    const known = acknowledged.get(name);
    const deletes = known !== undefined && randomInt(4) === 0;
    // Until it has answered nobody knows: what it did not answer may be there or not.
    acknowledged.delete(name);
    const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value } });
    const headers = { "content-type": "application/apply-patch+yaml" };
    const path = `${configMaps}/${name}`;
    const { code, text } = deletes
      ? await client.call("DELETE", path)
      : await client.call("PATCH", `${path}?fieldManager=writer&force=true`, body, headers);
    assert.ok(code === 200 || code === 201, text);
    acknowledged.set(name, deletes ? undefined : value);
    told();
  }
}

async function withServer(round: number, use: (client: RawClient, kill: () => void) => Promise<void>): Promise<void> {
  const kubeconfig = join(folder, `kubeconfig-${round}`);
  const script = join(import.meta.dirname, "apiserver-process.ts");
  const child = spawn(process.execPath, [script, join(folder, "database"), kubeconfig], { stdio: "inherit" });
  try {
    await eventually("the server", () => existsSync(kubeconfig));
    using client = new RawClient(readFileSync(kubeconfig, "utf8"));
    await use(client, () => child.kill("SIGKILL"));
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

async function valuesOf(client: RawClient): Promise<Map<string, string | undefined>> {
  const { items } = JSON.parse((await client.call("GET", configMaps)).text) as {
    items: readonly { readonly metadata: { readonly name: string }; readonly data?: { readonly value: string } }[];
  };
  return new Map(items.map(({ metadata, data }) => [metadata.name, data?.value]));
}
