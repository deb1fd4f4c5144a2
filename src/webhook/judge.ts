import {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  keyOf,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import { readConfiguration, type ConfigurationReason, type ConfigurationSource } from "../plan/index.ts";

/** The kinds that are judged, and where a configuration has its objects of each. */
const places = {
  IPAddressPool: "pools",
  BGPPeer: "peers",
  BGPAdvertisement: "advertisements",
  BFDProfile: "bfdProfiles",
  Community: "communities",
} as const;

type JudgedKind = keyof typeof places;

export const judgedKinds: ReadonlyMap<string, Kind> = new Map(
  ([IPAddressPool, BGPPeer, BGPAdvertisement, BFDProfile, Community] as readonly Kind[]).map((each) => [
    each.kind,
    each,
  ]),
);

/** A write that was asked for: an object as it would be, or that it would be no more. */
export type Change =
  | { readonly operation: "put"; readonly object: KubernetesObject }
  | { readonly operation: "delete"; readonly object: Pick<KubernetesObject, "kind" | "metadata"> };

/**
 * What a change would make wrong that is not wrong already, in the words of the controller. What is wrong without it is
 * no reason to refuse it: else a wrong configuration could be repaired only in one step.
 */
export function judge(written: ConfigurationSource, change: Change): readonly ConfigurationReason[] {
  const before = new Set(readConfiguration(written).problems.map((problem) => JSON.stringify(problem)));
  const after = readConfiguration(changed(written, change)).problems;
  return after.filter(
    (problem) => !before.has(JSON.stringify(problem)) && !(change.operation === "put" && mayBeMadeGood(problem)),
  );
}

/**
 * The next object that is written may make it right, and tools write in an order of their own: what is named may come
 * after what names it, and the ConfigMap be deleted after what replaces it.
 */
function mayBeMadeGood({ code, object, value }: ConfigurationReason): boolean {
  switch (code) {
    case "configuration.unknownPool":
    case "configuration.unknownPeer":
    case "configuration.unknownProfile":
    case "configuration.secret":
    case "configuration.both":
      return true;
    case "configuration.community":
      // The name of a Community, in place of numbers.
      return object.startsWith("BGPAdvertisement ") && /^[^:\s]+$/.test(value);
    default:
      return false;
  }
}

function changed(written: ConfigurationSource, { operation, object }: Change): ConfigurationSource {
  const place = places[object.kind as JudgedKind];
  const others = written[place].filter((each) => keyOf(each) !== keyOf(object));
  return { ...written, [place]: operation === "put" ? [...others, object] : others };
}
