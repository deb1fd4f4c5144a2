import type { ProxyChoice } from "../../cluster/cluster-api.ts";
import type { Lab } from "../../lab.ts";
import { fairleadRules } from "./fairlead-rules.ts";
import { ipvsRules } from "./ipvs-rules.ts";
import { nftablesRules } from "./nftables-rules.ts";

/** What a node's proxy does with port 80 of a Service's address. */
export interface ServiceRules {
  /** It takes the packets as line 5 of the scenario says: masqueraded. */
  readonly ok: boolean;
  /** What it does to them, in its own words. */
  readonly verdict: string;
  /** Where it takes them. */
  readonly endpoints: readonly string[];
}

/** How a proxy's rules are looked at, and what is to be seen in them. */
interface RulesView {
  readonly what: string;
  readonly rulesOn: (lab: Lab, node: string, address: string) => Promise<ServiceRules>;
}

/** Line 5 of the scenario, as each proxy shows it. */
export const rulesViews: Readonly<Record<ProxyChoice, RulesView>> = {
  fairlead: { what: "on each node nftables takes the address to the three pods", rulesOn: fairleadRules },
  "kube-proxy": { what: "on each node nftables takes the address to the three pods", rulesOn: nftablesRules },
  "kube-proxy-ipvs": {
    what: "on each node the address is on kube-ipvs0, and ipvsadm -ln lists it with the three pods",
    rulesOn: ipvsRules,
  },
};
