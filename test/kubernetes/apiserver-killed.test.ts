// The embedded API server loses its process, over and over, amid writes.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AcknowledgedWrites } from "./acknowledged-writes.ts";
import { eventually } from "./kubectl.ts";
import { RawClient } from "./raw-client.ts";

/** So many in a moment; all fifty (FAIRLEAD_TEST_KILLS=50) take minutes. */
const rounds = Number(process.env["FAIRLEAD_TEST_KILLS"] ?? 10);
const writes = 1_000;

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-killed-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

test(`nothing acknowledged is lost when it is killed with -9 at a random moment of ${writes} writes, ${rounds} times`, async () => {
  const acknowledged = new AcknowledgedWrites();
  for (let round = 0; round < rounds; round++) {
    await withServer(round, async (client, kill) => {
      await acknowledged.verify(client);
      let left = randomInt(1, writes);
      await acknowledged.write(client, writes, () => --left === 0 && kill());
    });
  }
  await withServer(rounds, (client) => acknowledged.verify(client));
});

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
