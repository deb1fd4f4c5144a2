// The embedded API server loses its power, over and over, amid writes: its disk is a virtual machine's, and what that
// machine's kernel had not written to it is gone. Run by test/vm/run.ts.
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { until } from "../../../src/lab/index.ts";
import { AcknowledgedWrites } from "../../kubernetes/acknowledged-writes.ts";
import { RawClient } from "../../kubernetes/raw-client.ts";
import { sharedInside, VirtualMachine } from "../virtual-machine.ts";

const rounds = Number(process.env["FAIRLEAD_TEST_POWER_CUTS"] ?? 10);
const writes = 1_000;
const disk = "/run/disk";
/** Emulated processors take their time. */
const boundMs = 120_000;
const limitMs = 600_000;

let folder: string;
let file: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-power-cut-"));
  file = join(folder, "disk");
  writeFileSync(file, "");
  truncateSync(file, 2 ** 28);
  execFileSync("mkfs.ext4", ["-q", file]);
});

after(async () => {
  await rm(folder, { recursive: true });
});

test(`nothing acknowledged is lost when the power is cut at a random moment of ${writes} writes, ${rounds} times`, async (t) => {
  const acknowledged = new AcknowledgedWrites();
  for (let round = 1; round <= rounds; round++) {
    await withServer(async (client, cutPower) => {
      await acknowledged.verify(client);
      const cutAfter = randomInt(1, writes);
      let told = 0;
      await acknowledged.write(client, writes, () => ++told === cutAfter && cutPower());
      t.diagnostic(
        `round ${round}: cut after ${cutAfter} writes, ${told} acknowledged, up to ${acknowledged.revision}`,
      );
    });
  }
  await withServer((client) => acknowledged.verify(client));
});

/** Boots a machine on the disk as it was left, and the server from what is there. */
async function withServer(use: (client: RawClient, cutPower: () => void) => Promise<void>): Promise<void> {
  const port = await freePort();
  const script = join(import.meta.dirname, "../../kubernetes/apiserver-process.ts");
  const files = [`${disk}/database`, `${sharedInside}/kubeconfig`];
  await using machine = await VirtualMachine.boot([process.execPath, script, ...files, "0.0.0.0", String(port)], {
    modules: ["ext4"],
    memoryMib: 1_024,
    disk: { file, mountedAt: disk },
    port,
    limitMs,
    said: (line) => process.stdout.write(`${line}\n`),
  });
  const kubeconfig = join(machine.shared, "kubeconfig");
  await until("the server has started", async () => existsSync(kubeconfig), { timeoutMs: boundMs, everyMs: 100 });
  using client = new RawClient(readFileSync(kubeconfig, "utf8"));
  await use(client, () => void machine.cutPower());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server's address is no string.
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}
