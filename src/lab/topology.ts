/** A network to build: segments are bridges, hosts hang on them. Everything is data; `lab.ts` makes it true. */
export interface Topology {
  readonly name: string;
  readonly segments: readonly string[];
  readonly hosts: readonly Host[];
}

export type Role = "client" | "switch" | "node" | "api";

export interface Host {
  /** Also the name of its ports on the bridges, therefore at most 13 characters. */
  readonly name: string;
  readonly role: Role;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  /** By their dotted names, as for `sysctl`. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** What a node's pods get their addresses from. */
  readonly podCidr?: string;
}

export interface Interface {
  readonly name: string;
  readonly segment: string;
  /** With the length of its network: `10.10.2.112/24`. */
  readonly address: string;
}

export interface Route {
  /** A prefix, or `default`. */
  readonly to: string;
  readonly via: string;
}

export function hostNamed(topology: Topology, name: string): Host | undefined {
  return topology.hosts.find((host) => host.name === name);
}

export function hostsOf(topology: Topology, role: Role): readonly Host[] {
  return topology.hosts.filter((host) => host.role === role);
}

/** The address, without its length, that `host` has on `segment`. */
export function addressOn(host: Host, segment: string): string {
  const found = host.interfaces.find((each) => each.segment === segment);
  if (found === undefined) throw new RangeError(`host ${host.name} is not on segment ${segment}`);
  return found.address.split("/")[0] ?? found.address;
}
