import { randomInt } from "node:crypto";
import {
  addToAddress,
  formatAddress,
  formatPrefix,
  parseAddress,
  prefixContains,
  prefixSize,
  type Prefix,
} from "../../../../net/index.ts";
import { numberAt, stringsAt, type JsonObject } from "../../json.ts";
import { uidOf, type ApiObject } from "../../object.ts";
import { ApiError, type Cause } from "../../status.ts";
import type { Transaction } from "../../store/store.ts";
import { invalidValue } from "../causes.ts";
import type { Admission } from "../strategy.ts";
import { decideFamilies } from "./families.ts";
import type { ServiceNetworks } from "./networks.ts";
import {
  isHeadless,
  isType,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortOf,
  portsOf,
  specOf,
} from "./spec.ts";

const addressPool = "clusterIP";
const portPool = "nodePort";

/** Tries at random before all are tried in turn. */
const randomTries = 16;

/** What one Service holds in the pools; what it does not claim again is let go at the end. */
class Holdings {
  readonly #transaction: Transaction;
  readonly #uid: string;
  readonly #held: Set<string>;
  readonly #claimed = new Set<string>();

  constructor(transaction: Transaction, uid: string) {
    this.#transaction = transaction;
    this.#uid = uid;
    this.#held = new Set(transaction.allocated(uid).map(({ pool, value }) => `${pool} ${value}`));
  }

  claim(pool: string, value: string): boolean {
    const key = `${pool} ${value}`;
    const mine = this.#held.has(key) || this.#claimed.has(key) || this.#transaction.allocate(pool, value, this.#uid);
    if (mine) this.#claimed.add(key);
    return mine;
  }

  /** As `claim`, of what nobody holds, this Service included. */
  take(pool: string, value: string): boolean {
    return !this.#held.has(`${pool} ${value}`) && !this.#claimed.has(`${pool} ${value}`) && this.claim(pool, value);
  }

  releaseRest(): void {
    for (const key of this.#held) {
      const [pool = "", value = ""] = key.split(" ");
      if (!this.#claimed.has(key)) this.#transaction.release(pool, value);
    }
  }
}

/** Gives a Service its families, cluster addresses and node ports; returns what it asked for and cannot have. */
export function allocateForService(
  service: ApiObject,
  old: ApiObject | undefined,
  { transaction }: Admission,
  networks: ServiceNetworks,
): Cause[] {
  const spec = specOf(service);
  const problems = decideFamilies(spec, old === undefined ? undefined : specOf(old), networks);
  if (problems.length > 0) return problems;
  const holdings = new Holdings(transaction, uidOf(service));
  problems.push(...addresses(spec, holdings, networks));
  if (problems.length === 0) problems.push(...ports(spec, holdings, networks));
  holdings.releaseRest();
  return problems;
}

function addresses(spec: JsonObject, holdings: Holdings, networks: ServiceNetworks): Cause[] {
  if (!needsClusterIp(spec) || isHeadless(spec)) return [];
  const asked = stringsAt(spec, "clusterIPs");
  const given: string[] = [];
  for (const [index, family] of stringsAt(spec, "ipFamilies").entries()) {
    const network = family === "IPv4" || family === "IPv6" ? networks.prefixes[family] : undefined;
    if (network === undefined) continue;
    const wanted = asked[index];
    const problem = wanted === undefined ? undefined : claimAddress(wanted, network, holdings);
    if (problem !== undefined) {
      return [invalidValue("spec.clusterIPs", asked, `failed to allocate IP ${wanted ?? ""}: ${problem}`)];
    }
    given.push(wanted ?? freeAddress(network, holdings));
  }
  spec["clusterIPs"] = given;
  if (given[0] !== undefined) spec["clusterIP"] = given[0];
  return [];
}

function claimAddress(text: string, network: Prefix, holdings: Holdings): string | undefined {
  const address = parseAddress(text);
  if (address === undefined || !prefixContains(network, address) || isReserved(text, network)) {
    return "the provided network does not match the current range";
  }
  return holdings.claim(addressPool, formatAddress(address)) ? undefined : "provided IP is already allocated";
}

/** The network's own address, and in IPv4 the broadcast address, which Kubernetes leaves out too. */
function isReserved(text: string, network: Prefix): boolean {
  const last = addToAddress(network.address, prefixSize(network.address.family, network.length) - 1n);
  return (
    text === formatAddress(network.address) ||
    (network.address.family === 4 && last !== undefined && text === formatAddress(last))
  );
}

/** The lower part of a network is for addresses that users choose, so those from here are of the upper part first. */
function freeAddress(network: Prefix, holdings: Holdings): string {
  const usable = Number(prefixSize(network.address.family, network.length) - 2n);
  const size = Math.min(usable, 2 ** 30);
  const lower = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  const at = (offset: number) => addToAddress(network.address, BigInt(offset) + 1n);
  for (const offset of candidates(size, Math.min(lower, size - 1))) {
    const address = at(offset);
    if (address !== undefined && holdings.take(addressPool, formatAddress(address))) return formatAddress(address);
  }
  throw new ApiError(500, "InternalError", `failed to allocate a serviceIP: range ${formatPrefix(network)} is full`);
}

/** Offsets below `size`: some at random from `start` on, then all in order from there, then those below. */
function* candidates(size: number, start: number): Generator<number> {
  for (let attempt = 0; attempt < randomTries; attempt++) yield randomInt(start, size);
  for (let offset = start; offset < size; offset++) yield offset;
  for (let offset = 0; offset < start; offset++) yield offset;
}

function ports(spec: JsonObject, holdings: Holdings, networks: ServiceNetworks): Cause[] {
  const { first, last } = networks.nodePorts;
  const range = `The range of valid ports is ${first}-${last}`;
  const claim = (field: string, port: number): Cause[] => {
    if (port < first || port > last)
      return [invalidValue(field, port, `provided port is not in the valid range. ${range}`)];
    return holdings.claim(portPool, String(port))
      ? []
      : [invalidValue(field, port, "provided port is already allocated")];
  };
  const problems: Cause[] = [];
  // What is asked for by number comes first, so that nothing chosen here takes it away.
  for (const [index, port] of portsOf(spec).entries()) {
    if (nodePortOf(port) !== 0) problems.push(...claim(`spec.ports[${index}].nodePort`, nodePortOf(port)));
  }
  if (needsNodePorts(spec)) {
    for (const port of portsOf(spec)) {
      if (nodePortOf(port) === 0) port["nodePort"] = sharedPort(spec, port) ?? freePort(networks, holdings);
    }
  }
  if (needsHealthCheckPort(spec)) {
    const asked = numberAt(spec, "healthCheckNodePort") ?? 0;
    if (asked === 0) spec["healthCheckNodePort"] = freePort(networks, holdings);
    else problems.push(...claim("spec.healthCheckNodePort", asked));
  } else if (isType(spec, "LoadBalancer") && spec["healthCheckNodePort"] === 0) delete spec["healthCheckNodePort"];
  return problems;
}

/** One port over several protocols gets one node port. */
function sharedPort(spec: JsonObject, port: JsonObject): number | undefined {
  const sibling = portsOf(spec).find(
    (each) => each["port"] === port["port"] && each["protocol"] !== port["protocol"] && nodePortOf(each) !== 0,
  );
  return sibling === undefined ? undefined : nodePortOf(sibling);
}

function freePort({ nodePorts: { first, last } }: ServiceNetworks, holdings: Holdings): number {
  const size = last - first + 1;
  // As with addresses, the lower end is left to those who choose.
  for (const offset of candidates(size, Math.min(Math.max(16, Math.floor(size / 32)), 128, size - 1))) {
    if (holdings.take(portPool, String(first + offset))) return first + offset;
  }
  throw new ApiError(500, "InternalError", "failed to allocate a nodePort: range is full");
}
