import { complies } from "./bgp-compliance.ts";
import { frr } from "./frr-peer.ts";

complies(frr);
