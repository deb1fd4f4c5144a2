import assert from "node:assert/strict";
import { test } from "node:test";
import { rbacManifests, webhookRbacManifests } from "./index.ts";

test("nobody is given a right on everything, nor one that makes rights", () => {
  const text = JSON.stringify([...rbacManifests("metallb-system"), ...webhookRbacManifests("metallb-system")]);
  for (const much of ['"*"', "escalate", "bind", "impersonate", '"deletecollection"']) assert.ok(!text.includes(much));
});

test("what is in the namespace of the configuration is reached by a Role there, and by no ClusterRole", () => {
  const clusterRoles = JSON.stringify(rbacManifests("fairlead").filter((each) => each.kind === "ClusterRole"));
  for (const resource of ["configmaps", "leases", "bgppeers", "secrets"]) assert.ok(!clusterRoles.includes(resource));
});

test("who serves the webhook may write to its own certificate and its own registration, and to no other", () => {
  const rules = webhookRbacManifests("fairlead").flatMap(({ rules: each = [] }) => each as object[]);
  assert.deepEqual(
    rules.map((rule) => Reflect.get(rule, "resourceNames") as unknown),
    [["fairlead-webhook"], ["fairlead-webhook"]],
  );
});
