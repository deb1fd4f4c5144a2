import { complies } from "./bgp-compliance.ts";
import { gobgp } from "./gobgp.ts";

complies(gobgp);
