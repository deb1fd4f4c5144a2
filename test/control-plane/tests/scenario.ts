// Scenarios as they are told on the embedded API server, told on Kubernetes' own control plane.
import { test } from "node:test";
import { told } from "../../scenarios/told.ts";

for (const proxy of ["fairlead", "kube-proxy"]) {
  test(`every line of the scenario bgp is seen on Kubernetes' own control plane, with ${proxy} for a proxy`, async () => {
    await told("bgp", "--api", "kubernetes", "--proxy", proxy);
  });
}

test("also there agents that are killed or succeeded cost no route and no request", async () => {
  await told("restart", "--api", "kubernetes");
});

test("also there, and with kube-proxy, a CNI's daemon and Fairlead each have their sessions", async () => {
  await told("beside-cni", "--api", "kubernetes", "--proxy", "kube-proxy");
});
