import { apiserver } from "./apiserver.ts";
import { atOnce } from "./at-once.ts";
import { bfd } from "./bfd.ts";
import { bgp } from "./bgp.ts";
import { fuzz } from "./fuzz.ts";
import { nodeDetection } from "./node-detection.ts";
import { metallb } from "./metallb.ts";
import { plan } from "./plan.ts";
import { processes } from "./processes.ts";
import { proxy } from "./proxy.ts";
import type { Benchmark } from "./report.ts";

/** In the order in which they are run. */
export const benchmarks: readonly Benchmark[] = [
  plan,
  bgp,
  processes,
  proxy,
  bfd,
  nodeDetection,
  fuzz,
  apiserver,
  atOnce,
  metallb,
];
