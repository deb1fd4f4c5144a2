// When Kubernetes fails: addresses stay, routes stay, nothing is handed out twice, and all is as it should be again
// within ten seconds of the fault's end.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { rbacManifests } from "../../../src/kubernetes/rbac/index.ts";
import { until } from "../../../src/lab/index.ts";
import { StandingCluster, wholeAgainMs } from "../standing-cluster.ts";
import { unusedRights } from "../unused-rights.ts";

/** How long the API server is away: longer than a lease, shorter than who waits for this test likes. */
const awayMs = Number(process.env["FAIRLEAD_TEST_AWAY_MS"] ?? 30_000);

/** Rights that Kubernetes asks for beside the one that it writes down. */
const asked = [
  // Server-side apply is a patch, and creates what is not there.
  "fairlead-node create fairlead.dev nodereports",
];

let standing: StandingCluster;

before(async () => {
  standing = await StandingCluster.up();
});

after(async () => {
  await standing?.down();
});

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, number) => `${prefix}-${number}`);

test("an API server that was away, and has forgotten what happened, costs nothing but the wait", async (t) => {
  await standing.keeping(async () => {
    await standing.plane.stopApiServer();
    await delay(awayMs);
    await standing.plane.compactHistory();
    await standing.plane.startApiServer();
    await standing.createServices(["after-away"]);
    t.diagnostic(`whole ${Math.round(await standing.whole())} ms after it was back`);
  });
});

test("an etcd that is put back to a backup takes what came after it along, and nothing else", async (t) => {
  await standing.createServices(["in-backup"]);
  await standing.whole();
  const folder = join(standing.cluster.lab.folder, "backup");
  await standing.plane.backUp(folder);
  await standing.whole();
  await standing.createServices(names("lost", 20));
  await standing.whole(30_000);
  await standing.keeping(async () => {
    await standing.plane.restore(folder);
    await standing.createServices(names("found", 5));
    t.diagnostic(`whole ${Math.round(await standing.whole())} ms after it was back`);
    const addresses = await standing.addresses();
    assert.ok(addresses.has("in-backup") && !addresses.has("lost-0"));
  });
});

test("a controller that is killed between its writes, and was the only one, leaves nothing half done", async (t) => {
  await standing.keeping(async () => {
    for (let round = 0; round < 5; round++) {
      await standing.createServices(names(`killed-${round}`, 20));
      await delay(randomInt(400));
      await standing.cluster.killController();
      const deleting = standing.deleteServices(names(`killed-${round}`, 5));
      await standing.cluster.startController();
      await deleting;
    }
    // Longer than where one stands by: a process is started first, and watches the dead one's lease to its end.
    t.diagnostic(`whole ${Math.round(await standing.whole(20_000))} ms after the last was started`);
  });
});

test("where another stands by, a leader that is killed between its writes is succeeded in time", async (t) => {
  await standing.startStandby();
  await standing.cluster.stopController();
  await standing.keeping(async () => {
    for (let round = 0; round < 4; round++) {
      await standing.startStandby();
      const leader = await standing.leader();
      const creating = standing.createServices(names(`succeeded-${round}`, 20));
      // They come one by one, for a second or so.
      await delay(300 + randomInt(1_000));
      await leader.kill();
      const diedMs = performance.now();
      await creating;
      await standing.whole(wholeAgainMs - (performance.now() - diedMs));
      t.diagnostic(`whole ${Math.round(performance.now() - diedMs)} ms after the leader's death`);
      await standing.deleteServices(names(`succeeded-${round}`, 20));
      await standing.whole();
    }
  });
});

test("two controllers that both believe that they lead never give one address twice", async (t) => {
  await standing.keeping(async () => {
    const other = await standing.startUnelected();
    try {
      for (let round = 0; round < 3; round++) {
        await standing.createServices(names(`both-${round}`, 20));
        await delay(randomInt(300));
        await standing.deleteServices(names(`both-${round}`, 10));
      }
      t.diagnostic(`whole ${Math.round(await standing.whole(30_000))} ms after the last request, with both`);
    } finally {
      await other.kill();
    }
    await standing.createServices(["after-both"]);
    await standing.whole();
  });
});

for (const [hours, what] of [
  [1, "ahead"],
  [-1, "behind"],
] as const) {
  test(`an agent whose clock is an hour ${what} announces as the others do`, async () => {
    const [node = ""] = standing.cluster.nodes;
    await standing.restartAgent(node, hours * 3_600_000);
    await standing.whole(30_000);
    await standing.keeping(async () => {
      await standing.createServices([`clock-${what}`]);
      await standing.whole();
    });
    await standing.restartAgent(node, 0);
    await standing.whole(30_000);
  });
}

test("watches that stall without closing are left for others", async (t) => {
  const [node = ""] = standing.cluster.nodes;
  await standing.keeping(async () => {
    const release = await standing.stallConnections(node);
    await standing.createServices(["stalled"]);
    await delay(15_000);
    await release();
    t.diagnostic(`whole ${Math.round(await standing.whole())} ms after the end`);
  });
});

test("every right that a service account has was used by then", async () => {
  // What no fault had a use for: a password, and an event that comes again.
  await standing.protectPeer();
  await standing.askTwice();
  let unused: readonly string[] = [];
  const areUsed = async () => {
    const all = unusedRights(rbacManifests("metallb-system"), await standing.plane.audited());
    unused = all.filter((each) => !asked.includes(each));
    return unused.length === 0;
  };
  await until("all are used", areUsed, { everyMs: 500 }).catch(() => assert.deepEqual(unused, []));
});
