import { enterOwnNamespace } from "../test/interop/namespaces.ts";
import { announcing } from "./bgp/announcing.ts";
import { collecting } from "./bgp/collecting.ts";
import { Switch } from "./bgp/switch.ts";
import type { Benchmark } from "./report.ts";

/** Needs root, FRR, BIRD and GoBGP. Moves the process into a network namespace of its own. */
export const bgp: Benchmark = {
  name: "bgp",
  about: "announcing to FRR, beside BIRD and GoBGP; 1,000 sessions and 100,000 routes in",
  async *run(signal, { quick }) {
    enterOwnNamespace();
    {
      await using at = await Switch.start(signal);
      for (const prefixes of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
        for (const attributeSets of [1, 10, 1_000]) {
          yield await announcing({ prefixes, attributeSets }, quick ? 1 : 5, at, signal);
        }
      }
    }
    yield* await collecting(quick ? 1 : 5, signal);
  },
};
