import assert from "node:assert/strict";
import { test } from "node:test";
import { Pod } from "../../kubernetes/resources/index.ts";
import { probeOf } from "./pod-probe.ts";

const ports = [
  { name: "http", containerPort: 8080 },
  { name: "monitoring", containerPort: 7472 },
];

for (const { name, httpGet, asked } of [
  { name: "no probe", httpGet: undefined, asked: { host: undefined, port: 8080, path: "/" } },
  { name: "a port's number", httpGet: { port: 17_472 }, asked: { host: undefined, port: 17_472, path: "/" } },
  {
    name: "a port's name, and a path",
    httpGet: { port: "monitoring", path: "/readyz" },
    asked: { host: undefined, port: 7472, path: "/readyz" },
  },
  {
    name: "a host that is not the pod's address",
    httpGet: { host: "127.0.0.1", port: 17_472 },
    asked: { host: "127.0.0.1", port: 17_472, path: "/" },
  },
]) {
  test(`a pod is asked as its readiness probe says: ${name}`, () => {
    const container = { name: "a", image: "a", ports, readinessProbe: { httpGet } };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { containers: [container] } };
    assert.deepEqual(probeOf(Pod.schema.parse(pod)), asked);
  });
}
