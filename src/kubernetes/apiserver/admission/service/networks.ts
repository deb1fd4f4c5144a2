import { addressBits, formatPrefix, parsePrefix, type AddressFamily, type Prefix } from "../../../../net/index.ts";

export type IpFamily = "IPv4" | "IPv6";

/** What Services are served from: a network for each family, the default one first, and the range of node ports. */
export interface ServiceNetworks {
  readonly families: readonly IpFamily[];
  readonly prefixes: Readonly<Partial<Record<IpFamily, Prefix>>>;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

/** Fewer host bits than these leave no room, more make counting slow; kube-apiserver has like bounds. */
const hostBits = { min: 3, max: 112 };

/** Reads the options of the server. Throws when they make no sense, naming what would. */
export function serviceNetworksOf(
  prefixes: readonly string[],
  nodePorts: { readonly first: number; readonly last: number },
): ServiceNetworks {
  const parsed = prefixes.map((text) => {
    const prefix = parsePrefix(text);
    const bits = prefix === undefined ? 0 : addressBits(prefix.address.family) - prefix.length;
    if (prefix === undefined || bits < hostBits.min || bits > hostBits.max) {
      throw new TypeError(`serviceNetworks: ${JSON.stringify(text)}: write a prefix with room, such as 10.96.0.0/16`);
    }
    return [familyName(prefix.address.family), prefix] as const;
  });
  const families = parsed.map(([family]) => family);
  if (families.length === 0 || families.length > 2 || new Set(families).size !== families.length) {
    throw new TypeError(
      `serviceNetworks: ${parsed.map(([, prefix]) => formatPrefix(prefix)).join(", ")}: give one prefix, or one of IPv4 and one of IPv6`,
    );
  }
  return { families, prefixes: Object.fromEntries(parsed), nodePorts };
}

export function familyName(family: AddressFamily): IpFamily {
  return family === 4 ? "IPv4" : "IPv6";
}
