// The scenario as it is told on the embedded API server, told on Kubernetes' own control plane.
import { test } from "node:test";
import { told } from "../../scenarios/told.ts";

for (const proxy of ["fairlead", "kube-proxy"]) {
  test(`every line of the scenario bgp is seen on Kubernetes' own control plane, with ${proxy} for a proxy`, async () => {
    await told("bgp", "--api", "kubernetes", "--proxy", proxy);
  });
}
