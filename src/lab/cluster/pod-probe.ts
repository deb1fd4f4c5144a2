import type { Pod } from "../../kubernetes/resources/index.ts";

export interface Probe {
  /** Undefined for the pod's own address. */
  readonly host: string | undefined;
  readonly port: number;
  readonly path: string;
}

/** What is to run in a pod, and to end well, before it is asked anything; undefined where it has no startup probe. */
export function startupCommandOf({ spec: { containers } }: Pod): readonly string[] | undefined {
  return containers[0]?.startupProbe?.exec?.command;
}

/** Where a pod is asked whether it is ready: as its readiness probe says, or else at its first port. */
export function probeOf({ spec: { containers } }: Pod): Probe {
  const ports = containers.flatMap((each) => each.ports ?? []);
  const { host, port = ports[0]?.containerPort ?? 80, path = "/" } = containers[0]?.readinessProbe?.httpGet ?? {};
  const named = typeof port === "string" ? ports.find((each) => each.name === port)?.containerPort : port;
  return { host, port: named ?? 80, path };
}
