// The scenario `bgp` as its operator had it: kube-proxy in IPVS mode with strictARP. Run by test/vm/run.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "../../scenarios/told.ts";

test("every line of the scenario bgp is seen on Kubernetes' own control plane, with kube-proxy in IPVS mode", async () => {
  const { steps } = await told("bgp", "--api", "kubernetes", "--proxy", "kube-proxy-ipvs");
  const rules = steps.filter(({ name }) => name.includes("kube-ipvs0"));
  assert.equal(rules.length, 2, "by resources and by the old ConfigMap");
  for (const { observed } of rules) {
    assert.equal(observed.split("172.19.100.1:80 on kube-ipvs0, strict ARP, masqueraded").length - 1, 3, observed);
  }
});
