import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "../configuration/read.ts";
import { advertisement, configurationOf, node, peer, pool, source } from "../testing.ts";
import { changedFields } from "./changed-fields.ts";
import { inForce } from "./in-force.ts";
import { isNodeChanged } from "./node-change.ts";
import { readTrimmedObjects, restoredObjects, writtenConfiguration } from "./written.ts";

const parts = {
  pools: [pool("default", "192.0.2.0/24"), pool("other", "198.51.100.0/24")],
  peers: [peer("switch")],
  advertisements: [advertisement("default")],
};

test("a revision is of what users want: not of the order, nor of what Kubernetes adds", () => {
  const { revision } = writtenConfiguration(source(parts));
  const touched = parts.pools.map((each) => ({ ...each, metadata: { ...each.metadata, resourceVersion: "7" } }));
  assert.equal(writtenConfiguration(source({ ...parts, pools: touched.toReversed() })).revision, revision);
  assert.notEqual(
    writtenConfiguration(source({ ...parts, peers: [peer("switch", { peerPort: 1790 })] })).revision,
    revision,
  );
});

test("what was written is read back as the same configuration", () => {
  const { text = "" } = writtenConfiguration(source(parts));
  const read = readConfiguration(source(restoredObjects(text, [])));
  assert.deepEqual(read.ok && read.configuration, configurationOf(parts));
});

test("no password is written down; it is taken from the peer as it is, if it is the same", () => {
  const before = peer("switch", { password: "hunter2" });
  const { text = "", revision } = writtenConfiguration(source({ ...parts, peers: [before] }));
  assert.doesNotMatch(text, /hunter2/);
  assert.equal(restoredObjects(text, [before]).peers[0]?.spec.password, "hunter2");
  const after = peer("switch", { password: "other" });
  assert.equal(restoredObjects(text, [after]).peers[0]?.spec.password, undefined);
  const changed = writtenConfiguration(source({ ...parts, peers: [after] }));
  assert.notEqual(changed.revision, revision);
  const [change] = changedFields(readTrimmedObjects(text), readTrimmedObjects(changed.text));
  assert.deepEqual([change?.field, change?.before, change?.value], ["spec.password", "a password", "a password"]);
});

test("some hundreds of objects fit, and many thousands are not written down", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => pool(`pool-${index}`, `10.${index >> 8}.${index & 255}.0/24`));
  assert.ok((writtenConfiguration(source({ pools: many(500) })).text ?? "").length > 50_000);
  const { text, revision } = writtenConfiguration(source({ pools: many(12_000) }));
  assert.equal(text, undefined);
  assert.match(revision, /^[0-9a-f]{12}$/);
});

test("changes are named by object and field, with what was there before", () => {
  const before = readTrimmedObjects(writtenConfiguration(source(parts)).text);
  const now = { ...parts, peers: [peer("switch", { peerASN: 65_299 })], advertisements: [advertisement("second")] };
  assert.deepEqual(changedFields(before, readTrimmedObjects(writtenConfiguration(source(now)).text)), [
    { object: "BGPAdvertisement metallb-system/second", field: "spec", before: "nothing", value: "new" },
    { object: "BGPPeer metallb-system/switch", field: "spec.peerASN", before: "65210", value: "65299" },
  ]);
});

test("a node is changed by what its sessions and routes are made of, and by nothing else", () => {
  const before = configurationOf(parts);
  const changes = (now: Partial<typeof parts>, labels = {}) =>
    isNodeChanged(node("n1", labels), before, configurationOf({ ...parts, ...now }));
  const rack = { nodeSelectors: [{ matchLabels: { rack: "2" } }] };
  assert.equal(changes({}), false);
  assert.equal(
    changes({ pools: [...parts.pools.slice(0, 1), pool("other", "198.51.100.0/24", { autoAssign: false })] }),
    false,
  );
  assert.equal(changes({ pools: [pool("default", "192.0.2.0/25")] }), true);
  assert.equal(changes({ peers: [peer("switch", { holdTime: "30s" })] }), true);
  assert.equal(changes({ advertisements: [advertisement("default", { communities: ["65000:1"] })] }), true);
  const second = [...parts.peers, peer("second", { peerAddress: "10.10.2.211", ...rack })];
  assert.equal(changes({ peers: second }), false, "it is for nodes of rack 2");
  assert.equal(changes({ peers: second }, { rack: "2" }), true);
});

test("a node uses what is kept, unless what is written is that, or is for it to try", () => {
  const permits = [{ node: "n1", atStake: ["switch"] }];
  const spec = {
    attempts: 3,
    kept: { revision: "a" },
    candidate: { revision: "b", attempt: 3, stage: "one" as const, permits },
  };
  const keptOne = { use: "kept" };
  const trial = { attempt: 3, revision: "b", atStake: ["switch"] };
  assert.deepEqual(inForce(spec, "b", "n1", undefined), { use: "written", trial });
  assert.deepEqual(inForce(spec, "b", "n1", 2), { use: "written", trial });
  assert.deepEqual(inForce(spec, "b", "n1", 3), keptOne, "it has taken it back");
  assert.deepEqual(inForce(spec, "b", "n2", undefined), keptOne, "the permit is n1's");
  assert.deepEqual(inForce(spec, "b", undefined, undefined), keptOne, "the controller tries nothing");
  assert.deepEqual(inForce(spec, "c", "n1", undefined), keptOne, "the permit is for b");
  assert.deepEqual(inForce(spec, undefined, "n1", undefined), keptOne, "what is written is wrong");
  assert.deepEqual(inForce(spec, "a", "n2", undefined), { use: "written", trial: undefined });
});
