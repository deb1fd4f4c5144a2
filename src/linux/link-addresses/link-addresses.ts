import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { isLinkLocal, parseAddress, type Address, type Ipv6Address } from "../../net/index.ts";

export interface LinkAddresses {
  readonly index: number;
  /** Its address on the link, of 6 octets; all of them 0 where it has none. */
  readonly linkLayer: Uint8Array;
  readonly linkLocal: Ipv6Address;
  /** Its other IPv6 addresses; first those that have no end, as those have that a router's advertisement has made. */
  readonly others: readonly Ipv6Address[];
}

/** The addresses of all links that are up, in the kernel's order: those of one link the primary one first. */
export function allAddresses(): readonly { readonly link: string; readonly address: Address }[] {
  return Object.entries(networkInterfaces()).flatMap(([link, addresses = []]) =>
    addresses.flatMap(({ address: text }) => {
      const address = parseAddress(text);
      return address === undefined ? [] : [{ link, address }];
    }),
  );
}

/** IFA_F_PERMANENT of `rtnetlink(7)`. */
const permanentFlag = 0x80;

/** `undefined` while the link is not there, not up, without carrier, or without a link-local address. */
export function linkAddresses(name: string): LinkAddresses | undefined {
  const found: { index: number; linkLayer: Uint8Array; address: Ipv6Address }[] = [];
  for (const { address: text, family, mac, ...each } of networkInterfaces()[name] ?? []) {
    const address = family === "IPv6" ? parseAddress(text) : undefined;
    if (address?.family !== 6) continue;
    const index = "scopeid" in each ? (each.scopeid ?? 0) : 0; // 0 for addresses that need none
    found.push({ index, linkLayer: Buffer.from(mac.replaceAll(":", ""), "hex"), address });
  }
  const own = found.find(({ address }) => isLinkLocal(address));
  if (own === undefined) return undefined;
  const others = found.map(({ address }) => address).filter((address) => !isLinkLocal(address));
  const permanent = permanentAddresses(name);
  others.sort((a, b) => Number(permanent.has(b.value)) - Number(permanent.has(a.value)));
  return { index: own.index, linkLayer: own.linkLayer, linkLocal: own.address, others };
}

/** Each line of the file: the address, the link's index, the prefix length, the scope, the flags, and the link's name. */
function permanentAddresses(link: string): ReadonlySet<bigint> {
  const lines = readFileSync("/proc/self/net/if_inet6", "utf8").split("\n");
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const permanent = fields.filter(
    ([, , , , flags, name]) => name === link && (Number.parseInt(flags ?? "", 16) & permanentFlag) !== 0,
  );
  return new Set(permanent.map(([address]) => BigInt(`0x${address}`)));
}
