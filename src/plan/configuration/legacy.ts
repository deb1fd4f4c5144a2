import { parse } from "yaml";
import {
  BGPAdvertisement,
  BGPPeer,
  IPAddressPool,
  keyOf,
  parseObject,
  type ConfigMap,
  type Kind,
  type KubernetesObject,
  type Parsed,
} from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { ConfigurationObjects } from "./configuration.ts";

/** Where something is to be said. */
interface Place {
  readonly object: string;
  readonly field: string;
}

/** Today's resources with the intent of MetalLB's old ConfigMap, and the way back. */
export interface LegacyConfiguration extends ConfigurationObjects {
  /** The same problem, at the place in the ConfigMap that the object was made from. */
  readonly asWritten: <Problem extends Place>(problem: Problem) => Problem;
}

/** The keys that MetalLB's ConfigMap had up to 0.12, and what each becomes today. */
const peerKeys: Readonly<Record<string, string>> = {
  "my-asn": "myASN",
  "peer-asn": "peerASN",
  "peer-address": "peerAddress",
  "peer-port": "peerPort",
  "source-address": "sourceAddress",
  "hold-time": "holdTime",
  "keepalive-time": "keepaliveTime",
  "router-id": "routerID",
  password: "password",
  "ebgp-multihop": "ebgpMultiHop",
  "node-selectors": "nodeSelectors",
};
const advertisementKeys: Readonly<Record<string, string>> = {
  "aggregation-length": "aggregationLength",
  "aggregation-length-v6": "aggregationLengthV6",
  localpref: "localPref",
  communities: "communities",
};

type Mapping = Readonly<Record<string, unknown>>;

/** Today's resources with the intent of MetalLB's old ConfigMap; what it cannot say in them goes to `problems`. */
export function readLegacyConfigMap(configMap: ConfigMap, problems: ConfigurationReason[]): LegacyConfiguration {
  const { namespace = "default" } = configMap.metadata;
  const object = `ConfigMap ${keyOf(configMap)}`;
  const wrong = (field: string, value: unknown, expected: string) =>
    problems.push({ code: "configuration.field", object, field, value: show(value), expected });

  const text = configMap.data?.["config"];
  const config = text === undefined ? undefined : parseYaml(text, wrong);
  if (config === undefined) {
    if (text === undefined) wrong("data.config", undefined, "must hold the configuration as YAML");
    return {
      pools: [],
      peers: [],
      advertisements: [],
      bfdProfiles: [],
      communities: [],
      asWritten: (problem) => problem,
    };
  }
  for (const key of Object.keys(config)) {
    if (!["peers", "address-pools", "bgp-communities"].includes(key)) {
      wrong(`config.${key}`, config[key], "must be left out: peers, address-pools and bgp-communities are known");
    }
  }
  const aliases = isMapping(config["bgp-communities"]) ? config["bgp-communities"] : {};
  /** Where each object was made from, by its kind and name. */
  const places = new Map<string, string>();
  const make = <Value extends KubernetesObject>(
    kind: Kind<Value>,
    name: string,
    at: string,
    spec: Mapping,
  ): Value[] => {
    const parsed: Parsed<Value> = parseObject(kind, { metadata: { name, namespace }, spec });
    places.set(`${kind.kind} ${namespace}/${name}`, at);
    if (parsed.ok) return [parsed.object];
    for (const { field, value, expected } of parsed.problems) wrong(fieldAt(at, field), value, expected);
    return [];
  };

  const peers = mappings(config, "peers", wrong).flatMap((peer, index) =>
    make(
      BGPPeer,
      `peer${index + 1}`,
      `config.peers[${index}]`,
      renamed(peer, peerKeys, `config.peers[${index}]`, wrong),
    ),
  );
  const pools: IPAddressPool[] = [];
  const advertisements: BGPAdvertisement[] = [];
  for (const [index, pool] of mappings(config, "address-pools", wrong).entries()) {
    const at = `config.address-pools[${index}]`;
    const name = pool["name"] === undefined ? `pool${index + 1}` : show(pool["name"]);
    const same = pools.findIndex((each) => each.metadata.name === name);
    if (same !== -1) {
      wrong(`${at}.name`, name, `must be another than that of config.address-pools[${same}]`);
      continue;
    }
    if (pool["protocol"] !== "bgp") wrong(`${at}.protocol`, pool["protocol"], "must be bgp");
    pools.push(
      ...make(IPAddressPool, name, at, {
        addresses: pool["addresses"],
        ...("auto-assign" in pool ? { autoAssign: pool["auto-assign"] } : {}),
        ...("avoid-buggy-ips" in pool ? { avoidBuggyIPs: pool["avoid-buggy-ips"] } : {}),
      }),
    );
    // Without bgp-advertisements a pool was announced in the plainest way.
    const listed = "bgp-advertisements" in pool ? mappings(pool, "bgp-advertisements", wrong, `${at}.`) : [{}];
    for (const [nth, advertisement] of listed.entries()) {
      const place = `${at}.bgp-advertisements[${nth}]`;
      const spec = renamed(advertisement, advertisementKeys, place, wrong);
      const communities = Array.isArray(spec["communities"])
        ? { communities: spec["communities"].map((each) => aliases[String(each)] ?? each) }
        : {};
      const nameOfOne = listed.length === 1 ? name : `${name}-${nth + 1}`;
      advertisements.push(
        ...make(BGPAdvertisement, nameOfOne, place, { ...spec, ...communities, ipAddressPools: [name] }),
      );
    }
  }
  const asWritten = <Problem extends Place>(problem: Problem): Problem => {
    const at = places.get(problem.object);
    return at === undefined ? problem : { ...problem, object, field: fieldAt(at, problem.field) };
  };
  return { pools, peers, advertisements, bfdProfiles: [], communities: [], asWritten };
}

const oldNames: Readonly<Record<string, string>> = Object.fromEntries(
  [...Object.entries(peerKeys), ...Object.entries(advertisementKeys)].map(([old, today]) => [today, old]),
);

/** `spec.peerASN` of the object made from `config.peers[0]` is `config.peers[0].peer-asn`. */
function fieldAt(at: string, field: string): string {
  return field.replace(/^spec/, at).replace(/[A-Za-z]+(?=(\[\d+\])?$)/, (name) => oldNames[name] ?? name);
}

type Complain = (field: string, value: unknown, expected: string) => void;

function parseYaml(text: string, wrong: Complain): Mapping | undefined {
  try {
    const value: unknown = parse(text) ?? {};
    if (isMapping(value)) return value;
    wrong("data.config", value, "must be a mapping");
  } catch (error) {
    wrong("data.config", error instanceof Error ? error.message : error, "must be YAML");
  }
  return undefined;
}

function mappings(of: Mapping, key: string, wrong: Complain, at = "config."): Mapping[] {
  const value = of[key] ?? [];
  if (Array.isArray(value) && value.every(isMapping)) return value;
  wrong(`${at}${key}`, value, "must be a list of mappings");
  return [];
}

function renamed(from: Mapping, keys: Readonly<Record<string, string>>, at: string, wrong: Complain): Mapping {
  const entries = Object.entries(from).flatMap(([key, value]) => {
    const name = keys[key];
    if (name === undefined) wrong(`${at}.${key}`, value, `must be left out: ${Object.keys(keys).join(", ")} are known`);
    return name === undefined ? [] : [[name, key === "node-selectors" ? selectorsOf(value) : value] as const];
  });
  return Object.fromEntries(entries);
}

/** The old file wrote selectors with hyphens: `match-labels`, `match-expressions`. */
function selectorsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((each: unknown) =>
    isMapping(each) ? { matchLabels: each["match-labels"], matchExpressions: each["match-expressions"] } : each,
  );
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);
}
