import type { BgpCase } from "./bgp-case.ts";
import { openingCases } from "./bgp-opening.ts";
import { updateCases } from "./bgp-updates.ts";

/** Malformed BGP messages, one for each way of being so; what each must give. */
export const bgpCorpus: readonly BgpCase[] = [...openingCases, ...updateCases];
