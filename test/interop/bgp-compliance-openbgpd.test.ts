import { complies } from "./bgp-compliance.ts";
import { openbgpd } from "./openbgpd.ts";

complies(openbgpd);
