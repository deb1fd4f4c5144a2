// The chart, and the manifests made from it. When they are stale:
//   node --test --test-update-snapshots test/chart/chart.test.ts
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { kinds } from "../../src/kubernetes/resources/index.ts";
import { agentCapabilities } from "../../src/lab/index.ts";
import { crdsTemplate, rbacTemplate, webhookRbacTemplate } from "./generated.ts";
import { chart, everything, helm, rendered } from "./helm.ts";

const templates = join(chart, "templates");
const manifests = join(import.meta.dirname, "../../manifests/fairlead.yaml");

interface Workload {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly containers: readonly [
          {
            readonly ports?: unknown;
            readonly args: readonly string[];
            readonly env: readonly {
              readonly name: string;
              readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
            }[];
            readonly startupProbe?: { readonly exec: { readonly command: readonly string[] } };
            readonly securityContext: Readonly<Record<string, unknown>>;
          },
        ];
      };
    };
  };
}

async function objects(...args: readonly string[]): Promise<readonly Workload[]> {
  return parseAllDocuments(await rendered(...args)).flatMap((each) => (each.toJS() as Workload | null) ?? []);
}

async function podOf(kind: "Deployment" | "DaemonSet", ...args: readonly string[]) {
  const { spec } = (await objects(...args)).find((each) => each.kind === kind)!.spec.template;
  return { spec, container: spec.containers[0] };
}

const generated = {
  "rbac.yaml": rbacTemplate,
  "webhook-rbac.yaml": webhookRbacTemplate,
  "crds.yaml": crdsTemplate,
};

for (const [file, text] of Object.entries(generated)) {
  test(`the chart's ${file} says what the code says`, (t) => {
    t.assert.fileSnapshot(text(), join(templates, file), { serializers: [String] });
  });
}

test("the plain manifests are the chart's, with the values as they come", async (t) => {
  const text = await rendered();
  t.assert.fileSnapshot(
    text.replaceAll("app.kubernetes.io/managed-by: Helm", "app.kubernetes.io/managed-by: kubectl"),
    manifests,
    {
      serializers: [String],
    },
  );
});

test("the chart asks for the image of this version", async () => {
  const { version } = JSON.parse(await readFile(join(chart, "../../package.json"), "utf8")) as { version: string };
  assert.match(await rendered(), new RegExp(`image: fairlead:${version}$`, "m"));
});

test("helm finds nothing wrong with the chart", async () => {
  assert.match(await helm("lint", "--strict", chart, ...everything), /1 chart\(s\) linted, 0 chart\(s\) failed/);
});

test("a value that there is none of, or of another form, is refused by name", async () => {
  await assert.rejects(rendered("--set=nodes.proxy=true"), /additional properties 'nodes' not allowed/);
  await assert.rejects(rendered("--set=node.bgpPort=70000"), /bgpPort.*maximum/s);
});

test("the controller is not root, and writes nothing to its own files", async () => {
  const { spec, container } = await podOf("Deployment");
  assert.equal(spec.securityContext["runAsNonRoot"], true);
  assert.equal(container.securityContext["readOnlyRootFilesystem"], true);
  assert.deepEqual(container.securityContext["capabilities"], { drop: ["ALL"] });
});

test("the agent has the capabilities that the lab's agents have, and no more", async () => {
  const { container } = await podOf("DaemonSet");
  const { capabilities, privileged } = container.securityContext;
  assert.deepEqual(capabilities, { drop: ["ALL"], add: agentCapabilities });
  assert.equal(privileged, undefined);
});

test("a new agent may stand beside the one that it succeeds: it names no port of the node", async () => {
  const { container } = await podOf("DaemonSet");
  assert.equal(container.ports, undefined);
});

test("a new agent's pod has started when that agent itself says that it announces", async () => {
  const { container } = await podOf("DaemonSet", "--set=node.metricsPort=7473");
  assert.deepEqual(container.startupProbe?.exec.command, ["/usr/bin/fairlead", "ready", "--port=7473"]);
  assert.ok(
    container.env.some(({ name, valueFrom }) => name === "POD_UID" && valueFrom?.fieldRef.fieldPath === "metadata.uid"),
  );
});

test("with the proxy an agent is told of the pods' networks and where the API server is", async () => {
  const values = ["--set=node.proxy=true", "--set=node.podNetworks={10.0.0.0/16}", "--set=apiServer.host=192.0.2.1"];
  const { container } = await podOf("DaemonSet", ...values);
  assert.ok(container.args.includes("--proxy") && container.args.includes("--pod-network=10.0.0.0/16"));
  assert.match(await rendered(...values), /name: KUBERNETES_SERVICE_HOST\s+value: "192\.0\.2\.1"/);
});

interface Registration {
  readonly kind: string;
  readonly webhooks: readonly [
    {
      readonly failurePolicy: string;
      readonly rules: readonly { readonly apiVersions: readonly string[]; readonly resources: readonly string[] }[];
    },
  ];
}

test("every custom kind that users write is judged by the webhook, in the version that is read", async () => {
  const all = (await objects()) as readonly (Workload | Registration)[];
  const registration = all.find((each) => each.kind === "ValidatingWebhookConfiguration") as Registration;
  const [{ rules, failurePolicy }] = registration.webhooks;
  const judged = rules.flatMap(({ apiVersions, resources }) =>
    resources.map((each) => `${apiVersions.join()} ${each}`),
  );
  const written = kinds.filter((kind) => kind.group === "metallb.io");
  assert.deepEqual(new Set(judged), new Set(written.map(({ version, plural }) => `${version} ${plural}`)));
  // While the controller is away, the configuration can be changed.
  assert.equal(failurePolicy, "Ignore");
});

test("without the webhook nothing of it is there, and nobody may write its Secret", async () => {
  assert.doesNotMatch(await rendered("--set=webhook.enabled=false"), /webhook/);
});

test("alerts and dashboard ask for metrics that there are", async () => {
  const known = await readFile(join(chart, "../../docs/reference/metrics.md"), "utf8");
  for (const file of await readdir(join(chart, "files"))) {
    const asked = (await readFile(join(chart, "files", file), "utf8")).match(/\b(?:metallb|process)_[a-z0-9_]+/g) ?? [];
    assert.ok(asked.length > 0);
    for (const name of asked) assert.ok(known.includes(name), `${file}: ${name}`);
  }
});
