// The chart and its manifests, on Kubernetes' own control plane: taken as they are, and made pods of by its controllers.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { prometheusOperatorDefinitions } from "../../../setup/prometheus.ts";
import { chart, everything, helm } from "../../chart/helm.ts";
import type { ContractApi } from "../../contract/contract.ts";
import { startKubernetes, type ContractServer } from "../../contract/servers.ts";
import { eventually } from "../../kubernetes/kubectl.ts";

const manifests = join(chart, "../../manifests/fairlead.yaml");

let server: ContractServer;

before(async () => {
  server = await startKubernetes();
});

after(async () => {
  await server?.stop();
});

async function addNode({ kubectl }: ContractApi): Promise<void> {
  const metadata = { name: "one", labels: { "kubernetes.io/os": "linux" } };
  const node = { apiVersion: "v1", kind: "Node", metadata };
  await kubectl.run("apply", "-f", await kubectl.file("node.json", node));
}

/** The controllers have made the pods, which admission would have refused if they asked for too much. */
async function hasPods({ kubectl }: ContractApi, namespace: string): Promise<void> {
  await eventually("the pods are made", async () => {
    const lines = await kubectl.lines(
      "get",
      "pods",
      "-n",
      namespace,
      "-L",
      "app.kubernetes.io/component",
      "--no-headers",
    );
    const count = (component: string) => lines.filter((line) => line.endsWith(` ${component}`)).length;
    return count("controller") === 2 && count("node") === 1 ? true : undefined;
  });
}

test("the plain manifests are taken, field by field, and become two controllers and an agent on each node", () =>
  server.hold(async (api) => {
    const { kubectl } = api;
    const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "metallb-system", labels } };
    await kubectl.run("create", "-f", await kubectl.file("namespace.json", namespace));
    await addNode(api);
    await kubectl.run("apply", "--server-side", "--validate=strict", "-f", manifests);
    await hasPods(api, "metallb-system");
    await kubectl.run("delete", "namespace", "metallb-system", "--wait=false");
    const bindings = ["fairlead-controller", "fairlead-node", "fairlead-webhook"];
    await kubectl.run("delete", "clusterrole,clusterrolebinding", ...bindings);
    await kubectl.run("delete", "validatingwebhookconfiguration", "fairlead-webhook");
  }));

/** The chart is there meanwhile, in the case's namespace, and gone afterwards. */
async function withChart(
  { kubectl, namespace }: ContractApi,
  values: readonly string[],
  use: (helmHere: (verb: string, ...args: readonly string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  const helmHere = (verb: string, ...args: readonly string[]) =>
    helm(verb, "fairlead", ...args, "--namespace", namespace, `--kubeconfig=${kubectl.kubeconfig}`);
  try {
    await helmHere("install", chart, ...values);
    await use(helmHere);
  } finally {
    await helmHere("uninstall", "--ignore-not-found");
  }
}

test("the service accounts may do what they must, and no more", () =>
  server.hold((api) =>
    withChart(api, ["--set=crds.install=false"], async () => {
      const { kubectl, namespace } = api;
      const may = async (who: string, ...what: readonly string[]) => {
        const as = `--as=system:serviceaccount:${namespace}:fairlead-${who}`;
        const said = await kubectl.run("auth", "can-i", ...what, as).catch(() => "no");
        return said.trim().endsWith("yes");
      };
      const status = ["services", "--subresource=status", "-A"];
      assert.equal(await may("controller", "patch", ...status), true);
      assert.equal(await may("controller", "patch", "services", "-A"), false);
      assert.equal(await may("controller", "update", "addressblocks"), true);
      assert.equal(await may("controller", "list", "secrets", "-n", "default"), false);
      assert.equal(await may("node", "watch", "endpointslices", "-A"), true);
      assert.equal(await may("node", "patch", ...status), false);
      assert.equal(await may("node", "list", "secrets", "-n", "default"), false);
      assert.equal(await may("node", "list", "bgppeers", "-n", namespace), true);
    }),
  ));

test("helm installs the chart, changes it and takes it away, and the definitions stay", () =>
  server.hold(async (api) => {
    const { kubectl, namespace } = api;
    // Helm takes over nothing that others have made.
    const definitions = (await kubectl.run("get", "crds", "-o", "name")).trim().split("\n");
    await kubectl.run("delete", ...definitions);
    await kubectl.run("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged");
    await addNode(api);
    await withChart(api, ["--set=dashboard.enabled=true"], async (helmHere) => {
      await hasPods(api, namespace);
      await helmHere("upgrade", chart, "--set=controller.replicas=1", "--set=image.tag=next");
      const { spec } = await kubectl.json("get", "deployment", "fairlead-controller");
      assert.equal(spec["replicas"], 1);
      assert.match(JSON.stringify(spec), /"image":"fairlead:next"/);
    });
    assert.match(await kubectl.refused("get", "deployment", "fairlead-controller"), /not found/);
    assert.deepEqual((await kubectl.run("get", "crds", "-o", "name")).trim().split("\n"), definitions);
  }));

test("what is for the Prometheus operator is taken, field by field, where its kinds are defined", () =>
  server.hold(async (api) => {
    const { kubectl, namespace } = api;
    const kinds = ["podmonitors", "prometheusrules"];
    const definitions = kinds.map((kind) =>
      join(prometheusOperatorDefinitions(), `monitoring.coreos.com_${kind}.yaml`),
    );
    const values = ["--set=crds.install=false", ...everything];
    await assert.rejects(
      withChart(api, values, () => Promise.resolve()),
      /no matches for kind "PodMonitor"/,
    );
    await kubectl.run("apply", "--server-side", ...definitions.map((file) => `--filename=${file}`));
    await kubectl.run(
      "wait",
      "--for=condition=Established",
      "crd",
      ...kinds.map((kind) => `${kind}.monitoring.coreos.com`),
    );
    await withChart(api, values, async () => {
      const { items } = await kubectl.json("get", kinds.join());
      assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), [
        "fairlead",
        "fairlead-controller",
        "fairlead-node",
      ]);
      // Helm asks for no strict validation, and what a definition does not know is dropped in silence.
      const file = await kubectl.file(
        "everything.yaml",
        await helm("template", "fairlead", chart, `--namespace=${namespace}`, ...values),
      );
      await kubectl.run("apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", file);
    });
    await kubectl.run("delete", ...definitions.map((file) => `--filename=${file}`));
  }));

test("a namespace that holds pods to the baseline refuses agents, and says why", () =>
  server.hold(async (api) => {
    const { kubectl, namespace } = api;
    await kubectl.run("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline");
    await addNode(api);
    await withChart(api, ["--set=crds.install=false"], () =>
      eventually("it is said", async () => {
        const events = await kubectl.run("get", "events");
        return /violates PodSecurity "baseline:latest": .*NET_ADMIN/.test(events) ? true : undefined;
      }).then(() => undefined),
    );
  }));
