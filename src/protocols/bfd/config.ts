import { formatAddress } from "../../net/index.ts";
import type { SessionParameters } from "./session-parameters.ts";
import type { SessionPath } from "./transport.ts";

/** A session to have. What is left out is as in a MetalLB BFDProfile that says nothing. */
export interface SessionConfig extends Partial<SessionParameters>, Omit<SessionPath, "hops"> {
  /** Tells this session from the others. */
  readonly name: string;
  /** Default `single`. */
  readonly hops?: SessionPath["hops"];
  /** Of multihop packets; less is dropped. A single hop takes 255 and nothing else. Default 254. */
  readonly minimumTtl?: number;
}

export interface ResolvedSessionConfig {
  readonly name: string;
  readonly path: SessionPath;
  readonly parameters: SessionParameters;
  readonly minimumTtl: number;
}

/** Throws `RangeError` where the configuration is impossible. */
function resolveSessionConfig(config: SessionConfig): ResolvedSessionConfig {
  const { name, remoteAddress, localAddress, hops = "single", minimumTtl = 254 } = config;
  const parameters = {
    transmitIntervalMs: config.transmitIntervalMs ?? 300,
    receiveIntervalMs: config.receiveIntervalMs ?? 300,
    detectMultiplier: config.detectMultiplier ?? 3,
    passive: config.passive ?? false,
    echoIntervalMs: config.echoIntervalMs,
  };
  const wrong = (field: string, value: unknown, right: string) =>
    new RangeError(`session ${name}: ${field} ${String(value)}: ${right}`);
  for (const field of ["transmitIntervalMs", "receiveIntervalMs"] as const) {
    const value = parameters[field];
    if (!(value >= 1 && value <= 4_000_000)) throw wrong(field, value, "is 1 to 4000000");
  }
  const { echoIntervalMs } = parameters;
  if (echoIntervalMs !== undefined && !(echoIntervalMs >= 1 && echoIntervalMs <= 4_000_000)) {
    throw wrong("echoIntervalMs", echoIntervalMs, "is 1 to 4000000");
  }
  // RFC 5883 §3: routers between would take the packets for their own.
  if (echoIntervalMs !== undefined && hops === "multi") {
    throw wrong("echoIntervalMs", echoIntervalMs, "is for a single hop");
  }
  if (!isBetween(parameters.detectMultiplier, 1, 255)) {
    throw wrong("detectMultiplier", parameters.detectMultiplier, "is 1 to 255");
  }
  if (!isBetween(minimumTtl, 1, 255)) throw wrong("minimumTtl", minimumTtl, "is 1 to 255");
  if (localAddress !== undefined && localAddress.family !== remoteAddress.family) {
    throw wrong("localAddress", formatAddress(localAddress), `is of the family of ${formatAddress(remoteAddress)}`);
  }
  const path = {
    hops,
    remoteAddress,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(config.interface === undefined ? {} : { interface: config.interface }),
    ...(config.vrf === undefined ? {} : { vrf: config.vrf }),
  };
  return { name, path, parameters, minimumTtl: hops === "single" ? 255 : minimumTtl };
}

/** Throws `RangeError` where one is impossible or two share a name or a path. */
export function resolveSessions(configs: readonly SessionConfig[]): ResolvedSessionConfig[] {
  const names = new Set<string>();
  const paths = new Map<string, string>();
  return configs.map((config) => {
    const resolved = resolveSessionConfig(config);
    const { name, path } = resolved;
    const other = paths.get(pathKey(path));
    if (names.has(name)) throw new RangeError(`session ${name}: there are two of this name`);
    if (other !== undefined) throw new RangeError(`session ${name}: its path is that of session ${other}`);
    names.add(name);
    paths.set(pathKey(path), name);
    return resolved;
  });
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Tells paths apart: two sessions on one path would take each other's packets. */
export function pathKey({ hops, remoteAddress, localAddress, interface: link, vrf }: SessionPath): string {
  const local = localAddress === undefined ? "any" : formatAddress(localAddress);
  return `${hops} ${formatAddress(remoteAddress)} from ${local} by ${link ?? "any"} in ${vrf ?? "none"}`;
}
