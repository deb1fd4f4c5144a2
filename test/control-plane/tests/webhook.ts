// The admission webhook as the chart installs it, asked by Kubernetes' own API server: two controllers serve it.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { webhookRbacManifests } from "../../../src/kubernetes/rbac/index.ts";
import { Secret } from "../../../src/kubernetes/resources/index.ts";
import { fairlead, kubectlPath } from "../../../src/lab/commands.ts";
import { startKubernetesApi } from "../../../src/lab/cluster/kubernetes-api.ts";
import type { ControlPlane } from "../../../src/lab/control-plane/control-plane.ts";
import type { HostProcess } from "../../../src/lab/host-process.ts";
import { until } from "../../../src/lab/index.ts";
import { Lab } from "../../../src/lab/lab.ts";
import type { Topology } from "../../../src/lab/topology.ts";
import { parsed } from "../../../src/plan/testing.ts";
import { certificateIn, newServingCertificate, secretDataOf } from "../../../src/webhook/serving-certificate.ts";
import { rendered } from "../../chart/helm.ts";
import { unusedRights } from "../unused-rights.ts";

const namespace = "metallb-system";
const address = "10.10.9.10";
/** By themselves the processes of one host cannot have one port. */
const ports = [9443, 9444] as const;

const topology: Topology = {
  name: "webhook",
  segments: ["management"],
  hosts: [
    {
      name: "api",
      role: "api",
      interfaces: [{ name: "management", segment: "management", address: `${address}/24` }],
      routes: [],
      sysctls: {},
    },
  ],
};

let lab: Lab;
let plane: ControlPlane;
let startController: (port: number) => Promise<HostProcess>;
const controllers: HostProcess[] = [];

async function kubectl(...args: readonly string[]): Promise<string> {
  return lab.exec("api", [kubectlPath(), "--kubeconfig", plane.kubeconfig, "-n", namespace, ...args]);
}

async function applied(object: object | string, ...args: readonly string[]): Promise<string> {
  const file = join(lab.folder, "applied.yaml");
  await writeFile(file, typeof object === "string" ? object : JSON.stringify(object));
  return kubectl("apply", "-f", file, ...args);
}

/** What kubectl says when it is refused; empty when it is not. */
async function refused(object: object, ...args: readonly string[]): Promise<string> {
  return applied(object, ...args).then(
    () => "",
    (error: unknown) => String(error),
  );
}

const metallb = (kind: string, name: string, spec: object, version = "v1beta1") => ({
  apiVersion: `metallb.io/${version}`,
  kind,
  metadata: { name, namespace },
  spec,
});
const pool = (name: string, ...addresses: readonly string[]) => metallb("IPAddressPool", name, { addresses });
const peer = (name: string, spec: object) =>
  metallb("BGPPeer", name, { myASN: 65211, peerASN: 65210, peerAddress: "10.10.2.210", ...spec }, "v1beta2");

const overlapping = pool("second", "192.0.2.128/25");
const sentence =
  "IPAddressPool metallb-system/second: spec.addresses: 192.0.2.128-192.0.2.255: must not overlap 192.0.2.0-192.0.2.255 of pool first";

/** Asked without writing anything, until the webhook is there, and then several times. */
async function isAsked(): Promise<void> {
  let inRow = 0;
  await until(
    "the webhook is asked",
    async () => {
      inRow = (await refused(overlapping, "--dry-run=server")).includes(sentence) ? inRow + 1 : 0;
      return inRow >= 6;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
}

/** The registration, as it is; each controller at its port in place of pods, which the lab has none of here. */
async function install(): Promise<void> {
  await applied({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const templates = ["webhook.yaml", "webhook-rbac.yaml"].flatMap((each) => ["--show-only", `templates/${each}`]);
  await applied(await rendered(...templates));
  for (const port of ports) {
    await applied({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `fairlead-webhook-${port}`,
        namespace,
        labels: { "kubernetes.io/service-name": "fairlead-webhook" },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: "webhook", port, protocol: "TCP" }],
    });
  }
}

before(async () => {
  lab = await Lab.up(topology);
  try {
    const api = await startKubernetesApi(lab, { serviceNetwork: "10.233.0.0/18" });
    assert.ok(api.controlPlane !== undefined);
    plane = api.controlPlane;
    await install();
    const kubeconfig = await api.fairleadKubeconfig("controller", namespace);
    startController = async (port) => {
      const argv = fairlead("controller", "--kubeconfig", kubeconfig, "--port=0", `--webhook-port=${port}`);
      const started = await lab.run("api", { name: `controller-${port}`, argv });
      controllers.push(started);
      return started;
    };
    for (const port of ports) await startController(port);
  } catch (error) {
    await lab.down();
    throw error;
  }
});

after(async () => {
  await lab?.down();
});

test("kubectl apply of a pool that overlaps another is refused, with the controller's own sentence", async () => {
  await applied(pool("first", "192.0.2.0/24"));
  await isAsked();
  const said = await refused(overlapping);
  assert.match(said, /admission webhook "configuration\.fairlead\.dev" denied the request/);
  assert.ok(said.includes(sentence), said);
  assert.doesNotMatch(await kubectl("get", "ipaddresspools", "-o", "name"), /second/);
});

test("each kind is judged, and in the light of what the same kubectl has written just before", async () => {
  const communities = metallb("Community", "names", { communities: [{ name: "backup", value: "1:2:3" }] });
  for (const [object, expected] of [
    [peer("inside", { peerAddress: "192.0.2.7" }), /must leave out 192\.0\.2\.7, the address of peer inside/],
    [peer("slow", { holdTime: "1s" }), /BGPPeer metallb-system\/slow: spec\.holdTime/],
    [metallb("BGPAdvertisement", "all", { communities: ["65000:70000"] }), /spec\.communities\[0\]: 65000:70000/],
    [communities, /spec\.communities\[0\]\.value: 1:2:3/],
  ] as const) {
    assert.match(await refused(object, "--dry-run=server"), expected);
  }
  const list = (...items: object[]) => ({ apiVersion: "v1", kind: "List", items });
  const said = await refused(list(pool("lan", "198.51.100.0/25"), pool("wan", "198.51.100.64/26")));
  assert.match(said, /wan: spec\.addresses: .* of pool lan/);
});

test("what names others may be written before them, and a BFD profile goes only after its peers", async () => {
  const profile = metallb("BFDProfile", "fast", {});
  const named = [peer("router", { bfdProfile: "fast" }), metallb("BGPAdvertisement", "a", { peers: ["router"] })];
  for (const object of [...named.reverse(), profile]) await applied(object);
  await assert.rejects(
    kubectl("delete", "bfdprofile", "fast"),
    /BGPPeer metallb-system\/router: spec\.bfdProfile: fast/,
  );
  await kubectl("delete", "bgppeer", "router");
  await kubectl("delete", "bfdprofile", "fast");
});

test("a controller that waits to lead answers as the one that leads does", async () => {
  const path = "{.webhooks[0].clientConfig.caBundle}";
  const bundle = await kubectl("get", "validatingwebhookconfiguration", "fairlead-webhook", "-o", `jsonpath=${path}`);
  const [authorities, question] = [join(lab.folder, "authorities.pem"), join(lab.folder, "question.json")];
  await writeFile(authorities, Buffer.from(bundle, "base64"));
  const metadata = { ...overlapping.metadata, creationTimestamp: new Date().toISOString() };
  const object = { ...overlapping, metadata };
  const kind = { group: "metallb.io", version: "v1beta1", kind: "IPAddressPool" };
  const request = { uid: "1", kind, name: "second", namespace, operation: "CREATE", object };
  await writeFile(question, JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }));
  const name = `fairlead-webhook.${namespace}.svc`;
  for (const port of ports) {
    const to = ["--cacert", authorities, "--resolve", `${name}:${port}:${address}`, `https://${name}:${port}/validate`];
    const said = await lab.exec("api", ["curl", "-sS", "-f", "-d", `@${question}`, ...to]);
    assert.ok(said.includes(sentence), `${port}: ${said}`);
  }
});

test("a certificate that ends soon is renewed, and the webhook is asked as before", async () => {
  const secret = async () =>
    parsed(Secret, JSON.parse(await kubectl("get", "secret", "fairlead-webhook", "-o", "json")));
  const current = certificateIn(await secret());
  assert.ok(current !== undefined);
  const seventyDaysAgo = new Date(Date.now() - 70 * 86_400_000);
  const due = newServingCertificate(`fairlead-webhook.${namespace}.svc`, seventyDaysAgo, current);
  const patch = JSON.stringify({ data: secretDataOf(due) });
  await kubectl("patch", "secret", "fairlead-webhook", "--type=merge", "-p", patch);
  await until("it is renewed", async () => {
    const found = certificateIn(await secret());
    return found !== undefined && found.certificatePem !== due.certificatePem;
  });
  await isAsked();
});

test("an authority that somebody has taken out of the registration is written again", async () => {
  const without = '[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]';
  await kubectl("patch", "validatingwebhookconfiguration", "fairlead-webhook", "--type=json", "-p", without);
  await isAsked();
});

test("while no controller is there what is wrong is taken, and the condition says so once one is back", async () => {
  for (const controller of controllers.splice(0)) await controller.kill();
  await applied(overlapping);
  await startController(ports[0]);
  let said = "";
  await until("the condition says it", async () => {
    const path = '{.status.conditions[?(@.type=="Valid")].message}';
    said = await kubectl("get", "ipaddresspool", "second", "-o", `jsonpath=${path}`);
    return said !== "";
  });
  assert.equal(said, sentence);
  await applied(pool("second", "203.0.113.0/24"));
  await until("it is good again", async () => {
    const path = '{.status.conditions[?(@.type=="Valid")].status}';
    return (await kubectl("get", "ipaddresspool", "second", "-o", `jsonpath=${path}`)) === "True";
  });
});

test("every right that the webhook has was used by then", async () => {
  let unused: readonly string[] = [];
  const areUsed = async () => {
    unused = unusedRights(webhookRbacManifests(namespace), await plane.audited());
    return unused.length === 0;
  };
  await until("all are used", areUsed, { everyMs: 500 }).catch(() => assert.deepEqual(unused, []));
});
