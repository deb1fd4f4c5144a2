import { formatPrefix, type Prefix } from "../../net/index.ts";

/** The one table that is ours; nothing outside it is touched. */
export const bareTableName = "fairlead-proxy";
export const tableName = `inet ${bareTableName}`;

/** The packet mark's bit for "masquerade this", the one that kube-proxy uses, which others leave alone for that. */
const masqueradeMark = "0x4000";

/** The transport protocols of services, as nft calls them. */
export const protocols = ["tcp", "udp", "sctp"] as const;

export interface TableOptions {
  /** Where pods have their addresses, in the whole cluster. */
  readonly podNetworks: readonly Prefix[];
  /**
   * True where the kernel shows bridged packets to connection tracking (br_netfilter). Where it does not, a pod answers
   * a pod on its own bridge directly, past the translation, unless the node puts itself between them.
   */
  readonly bridgesTracked: boolean;
}

/**
 * The table without its elements. All that differs from service to service is in sets and maps, whose keys begin with
 * the packet's `address . protocol . port`:
 *
 * - `services`: what becomes of a packet, as a chain to go to. The chains are named for what they do and are shared:
 *   `pick4-tcp-3` takes one of three backends at random.
 * - `endpoints`: address, protocol, port and a number from 0 to the backend.
 * - `local`, `inside`, `inside-endpoints`: the same for services with the policy Local, where clients inside the
 *   cluster have another list than those outside.
 * - `remembered`: which backends are written down, after which packet, for services with client affinity. Those have a
 *   map and chains of their own beside (fixtures.ts).
 * - `hairpin`: backends here, twice: a packet from a pod to itself matches.
 *
 * So a service costs elements and no rules, a change touches only elements, and it takes the same time whatever number
 * of services there is.
 */
export function emptyTable(options: TableOptions): string {
  return `table ${tableName} {
${familyParts(4, options)}
${familyParts(6, options)}

  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx port-unreachable
  }

  chain services {
    ip daddr . meta l4proto . th dport vmap @services4
    ip6 daddr . meta l4proto . th dport vmap @services6
  }
  chain prerouting {
    type nat hook prerouting priority dstnat
    jump services
  }
  chain output {
    type nat hook output priority -100
    jump services
  }

  chain postrouting {
    type nat hook postrouting priority srcnat
    meta mark & ${masqueradeMark} != 0 meta mark set meta mark ^ ${masqueradeMark} masquerade fully-random
    ct status & dnat != 0 ip saddr . ip daddr @hairpin4 masquerade fully-random
    ct status & dnat != 0 ip6 saddr . ip6 daddr @hairpin6 masquerade fully-random
${options.bridgesTracked ? "" : "    ct status & dnat != 0 jump neighbours\n"}  }
  chain neighbours {
    ip saddr @pods4 ip daddr . ip daddr @hairpin4 masquerade fully-random
    ip6 saddr @pods6 ip6 daddr . ip6 daddr @hairpin6 masquerade fully-random
  }

  chain remember {
${forEachTransport(4, (original) => `${original} . ip daddr . th dport vmap @remembered4`)}
${forEachTransport(6, (original) => `${original} . ip6 daddr . th dport vmap @remembered6`)}
  }
  chain remember-forwarded {
    type filter hook prerouting priority dstnat + 5
    ct direction original ct status & dnat != 0 jump remember
  }
  chain remember-own {
    type filter hook output priority -95
    ct direction original ct status & dnat != 0 jump remember
  }
}
`;
}

function familyParts(family: 4 | 6, options: TableOptions): string {
  const ip = nameOf(family);
  const pods = options.podNetworks.filter((prefix) => prefix.address.family === family).map(formatPrefix);
  const elements = pods.length === 0 ? "" : ` elements = { ${pods.join(", ")} };`;
  const frontend = `${ip} daddr . meta l4proto . th dport`;
  // Only `typeof` gives a type for a number from 0, and nftables 1.0.6 cannot read back `th dport` after an address:
  // hence a map for each transport protocol.
  const backends = protocols.flatMap((protocol) =>
    ["endpoints", "inside-endpoints"].map((list) => {
      const types = `${frontend} . numgen random mod 65536 : ${ip} daddr . ${protocol} dport`;
      return `  map ${list}${family}-${protocol} { typeof ${types}; }
`;
    }),
  );
  return `
  set pods${family} { type ipv${family}_addr; flags interval; auto-merge;${elements} }
  map services${family} { type ipv${family}_addr . inet_proto . inet_service : verdict; }
${backends.join("")}  map local${family} { type ipv${family}_addr . inet_proto . inet_service : verdict; }
  map inside${family} { type ipv${family}_addr . inet_proto . inet_service : verdict; }
  map remembered${family} { type ipv${family}_addr . inet_proto . inet_service . ipv${family}_addr . inet_service : verdict; }
  set hairpin${family} { type ipv${family}_addr . ipv${family}_addr; }

  chain local${family} {
    ${ip} saddr @pods${family} ${frontend} vmap @inside${family}
    fib saddr type local ${frontend} vmap @inside${family}
    ${frontend} vmap @local${family}
  }
  chain masquerade${family} {
    meta mark set meta mark | ${masqueradeMark}
  }`;
}

/**
 * A rule for each transport protocol, given the frontend that a packet had before its destination was translated: nft
 * takes `ct original proto-dst` for a port only where it knows the protocol.
 */
function forEachTransport(family: 4 | 6, rule: (original: string) => string): string {
  const original = `ct original ${nameOf(family)} daddr . meta l4proto . ct original proto-dst`;
  return protocols.map((protocol) => `    meta l4proto ${protocol} ${rule(original)}`).join("\n");
}

export function nameOf(family: 4 | 6): "ip" | "ip6" {
  return family === 4 ? "ip" : "ip6";
}
