import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonSet, Deployment } from "../kubernetes/resources/index.ts";
import { hindrances, portClash, type Installation } from "./installation.ts";

interface Parts {
  readonly args?: readonly string[];
  readonly env?: readonly object[];
  readonly affinity?: object;
  readonly owner?: string;
}

function workload(name: string, { args = [], env = [], affinity, owner }: Parts) {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: "v1", kind: owner, name: "x", uid: "1", controller: true }];
  const template = { spec: { containers: [{ name, args, env }], ...(affinity === undefined ? {} : { affinity }) } };
  return { metadata: { name, namespace: "metallb-system", ownerReferences }, spec: { selector: {}, template } };
}

const byLabel = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "fairlead.dev/announcer", operator: "In", values: ["both", "fairlead"] }] },
      ],
    },
  },
};

function installation(parts: { theirs?: Parts; speaker?: Parts; ours?: Parts; agent?: Parts } = {}): Installation {
  return {
    metallb: {
      controller: Deployment.schema.parse(workload("controller", parts.theirs ?? {})),
      speaker: DaemonSet.schema.parse(workload("speaker", parts.speaker ?? {})),
    },
    fairlead: {
      controller: Deployment.schema.parse(workload("fairlead-controller", parts.ours ?? {})),
      agent: DaemonSet.schema.parse(workload("fairlead-node", { affinity: byLabel, ...parts.agent })),
    },
  };
}

test("nothing speaks against an installation as the manifests and the chart make it", () => {
  assert.deepEqual(hindrances(installation()), []);
});

const refused = {
  "an operator that would undo each step": [
    { speaker: { owner: "MetalLB" } },
    /DaemonSet metallb-system\/speaker: .*MetalLB x keeps it/,
  ],
  "sessions that are frr-k8s's": [
    { speaker: { env: [{ name: "METALLB_BGP_TYPE", value: "frr-k8s" }] } },
    /METALLB_BGP_TYPE=frr-k8s: .* must be MetalLB's native or frr mode/,
  ],
  "agents that run everywhere": [{ agent: { affinity: {} } }, /must choose those labelled .* migration\.metallb=true/],
  "another class of Services": [
    { theirs: { args: ["--lb-class=metal"] }, ours: { args: ["--lb-class", "other"] } },
    /--lb-class is other; must be as MetalLB has it: metal/,
  ],
} as const;

for (const [what, [parts, pattern]] of Object.entries(refused)) {
  test(`${what} is named, with what would be right`, () => {
    const found = hindrances(installation(parts));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", pattern);
  });
}

test("two processes cannot serve metrics on one port of a node", () => {
  assert.match(portClash(installation()) ?? "", /--port is 7472.*node\.metricsPort=7473/);
  assert.equal(portClash(installation({ agent: { args: ["--port=7473"] } })), undefined);
});
