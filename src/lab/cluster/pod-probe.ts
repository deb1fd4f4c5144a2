import type { Pod } from "../../kubernetes/resources/index.ts";

/** Where a pod is asked whether it is ready: as its readiness probe says, or else at its first port. */
export function probeOf({ spec: { containers } }: Pod): { readonly port: number; readonly path: string } {
  const ports = containers.flatMap((each) => each.ports ?? []);
  const { port = ports[0]?.containerPort ?? 80, path = "/" } = containers[0]?.readinessProbe?.httpGet ?? {};
  const named = typeof port === "string" ? ports.find((each) => each.name === port)?.containerPort : port;
  return { port: named ?? 80, path };
}
