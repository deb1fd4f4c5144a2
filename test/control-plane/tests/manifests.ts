// What the chart makes, and every manifest of this repository, against the schemas of the kinds: no field that there is
// none of, none that is missing, none of another form.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { kubeconform, kubernetesOpenApi } from "../../../setup/kubeconform.ts";
import { prometheusOperatorDefinitions } from "../../../setup/prometheus.ts";
import { everything, rendered } from "../../chart/helm.ts";
import { StrictSchemas } from "../strict-schemas.ts";

const root = join(import.meta.dirname, "../../..");
const manifests = join(root, "manifests/fairlead.yaml");
const program = kubeconform();

let folder: string;
let schemas: StrictSchemas;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-manifests-"));
  schemas = await StrictSchemas.of(kubernetesOpenApi(), join(folder, "schemas"));
  await schemas.addDefinitions(manifests, prometheusOperatorDefinitions());
});

after(() => rm(folder, { recursive: true, force: true }));

interface Verdict {
  readonly resources: readonly { readonly kind: string; readonly status: string; readonly msg: string }[];
  readonly summary: { readonly valid: number; readonly skipped: number };
}

async function judged(text: string): Promise<Verdict> {
  const file = join(folder, "judged.yaml");
  await writeFile(file, text);
  const args = ["-strict", "-summary", "-output=json", "-schema-location", schemas.location, file];
  // Its status is 1 where something is wrong, which is then on its standard output.
  const { stdout } = await promisify(execFile)(program, args).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Verdict;
}

/** Resolves with the count of what was found right, which is all. */
async function conforms(text: string): Promise<number> {
  const { resources, summary } = await judged(text);
  assert.deepEqual(resources, []);
  assert.equal(summary.skipped, 0);
  assert.ok(summary.valid > 0);
  return summary.valid;
}

const sets: Readonly<Record<string, readonly string[]>> = {
  "as they come": [],
  "that turn everything on": [
    ...everything,
    "--set=node.proxy=true,node.podNetworks={10.0.0.0/16},apiServer.host=192.0.2.1,loadBalancerClass=example.com/a",
    `--set=imagePullSecrets[0].name=registry,image.digest=sha256:${"0".repeat(64)},podMonitor.labels.release=one`,
    "--set=alerts.labels.release=one,controller.tolerations[0].operator=Exists",
  ],
  "that turn everything off": [
    "--set=crds.install=false,webhook.enabled=false,networkPolicy.enabled=false,controller.replicas=1,node.bgpPort=0",
  ],
};

for (const [name, args] of Object.entries(sets)) {
  test(`the chart with values ${name} makes nothing that Kubernetes would not take field by field`, async (t) => {
    t.diagnostic(`${await conforms(await rendered(...args))} objects`);
  });
}

for (const file of globSync("{manifests,bench,src,test}/**/*.yaml", { cwd: root }).sort()) {
  const text = readFileSync(join(root, file), "utf8");
  if (/^apiVersion:/m.test(text)) test(`${file} conforms`, async () => void (await conforms(text)));
}

test("what the documents tell readers to apply conforms", async () => {
  const blocks = globSync("docs/**/*.md", { cwd: root }).map(async (file) => {
    const text = await readFile(join(root, file), "utf8");
    return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = ""]) => block);
  });
  const whole = (await Promise.all(blocks)).flat().filter((block) => /^apiVersion: (metallb.io|v1)/m.test(block));
  await conforms(whole.join("---\n"));
});

test("a field that there is none of, one of another form and one that is missing are found", async () => {
  const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: one }\n";
  const wrong = [
    `${deployment}spec: { replica: 2, replicas: two, selector: {} }`,
    "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: { nam: one }\nspec: { myASN: many, holdtime: 90s }",
    "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: { name: one }\nspec: { podMetricEndpoints: [] }",
  ];
  const { resources } = await judged(wrong.join("\n---\n"));
  const found = resources.map(({ kind, msg }) => `${kind}: ${msg}`).join("\n");
  for (const each of [
    /Deployment: .*'replica' not allowed/,
    /Deployment: .*'\/spec\/replicas': got string, want integer/,
    /Deployment: .*missing property 'template'/,
    /BGPPeer: .*'nam' not allowed/,
    /BGPPeer: .*'\/spec\/myASN': got string, want integer/,
    /BGPPeer: .*'holdtime' not allowed/,
    /PodMonitor: .*'podMetricEndpoints' not allowed/,
    /PodMonitor: .*missing property 'selector'/,
  ])
    assert.match(found, each);
});
