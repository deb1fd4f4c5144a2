// The scenario `bgp` as its operator had it: kube-proxy in IPVS mode with strictARP. Run by test/vm/run.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toldBy } from "../../scenarios/told.ts";

/**
 * What a client loses while kube-proxy takes half a minute to follow, because it is emulated, is told and not judged: it
 * says nothing of either proxy.
 */
const isCount = (name: string) => name.endsWith("nothing fails but what was under way");

test("every line of the scenario bgp is seen on Kubernetes' own control plane, with kube-proxy in IPVS mode", async () => {
  // An emulated processor takes minutes to read the sources of all that runs here.
  const { report } = await toldBy("dist/cli/main.js", "bgp", "--api", "kubernetes", "--proxy", "kube-proxy-ipvs");
  assert.deepEqual(
    report.steps.filter(({ name, ok }) => !ok && !isCount(name)),
    [],
  );
  const rules = report.steps.filter(({ name }) => name.includes("kube-ipvs0"));
  assert.equal(rules.length, 2, "by resources and by the old ConfigMap");
  for (const { observed } of rules) {
    assert.equal(observed.split("172.19.100.1:80 on kube-ipvs0, strict ARP, masqueraded").length - 1, 3, observed);
  }
});
