import type { ClusterChoices } from "../bgp/bgp-cluster.ts";
import type { BfdTimes } from "../frr-switch.ts";
import type { Audience, StoryReport } from "../story.ts";

/** What a story may be asked for: each takes all that its cluster can be made of, and some take the rest. */
export interface StoryOptions extends ClusterChoices {
  readonly bfd?: BfdTimes | undefined;
  readonly faults?: number | undefined;
}

/** A story that can be told, on a lab that is built for it and removed after it. */
export interface StoryKind {
  readonly name: string;
  readonly about: string;
  /** The options that it takes beside its cluster's, and what each means to it. */
  readonly takes: Readonly<Partial<Record<Exclude<keyof StoryOptions, keyof ClusterChoices>, string>>>;
  readonly tell: (audience: Audience, options: StoryOptions, signal: AbortSignal) => Promise<StoryReport>;
}

/** How often a node dies in each way to watch nodes, where nobody says it. */
const defaultFaults = 5;
/** In how many ways nodes are watched where nobody says it. */
const defaultDetections = [undefined, { intervalMs: 300, multiplier: 3 }, { intervalMs: 50, multiplier: 3 }];

/** All stories, in the order in which they are best read. Each is loaded only when it is told. */
export const stories: readonly StoryKind[] = [
  {
    name: "bgp",
    about: "a Service gets its address, three nodes announce it, a node is drained and a node dies",
    takes: { bfd: "watch the paths by BFD where resources configure it: MILLISECONDSxMULTIPLIER" },
    tell: async (audience, options, signal) => {
      const { tellBgpStory } = await import("../bgp/bgp-story.ts");
      return tellBgpStory(audience, signal, options);
    },
  },
  {
    name: "loss-windows",
    about: "nodes die over and over, and what each death costs clients is counted",
    takes: {
      bfd: "watch nodes not at all and at these times, MILLISECONDSxMULTIPLIER; not at all, 300x3 and 50x3 by default",
      faults: `how often a node dies, for each way to watch nodes; ${defaultFaults} by default`,
    },
    tell: async (audience, { bfd, faults = defaultFaults, ...choices }, signal) => {
      const { tellLossWindows } = await import("../bgp/loss-windows.ts");
      const detections = bfd === undefined ? defaultDetections : [undefined, bfd];
      return tellLossWindows(audience, { ...choices, detections, faults }, signal);
    },
  },
  {
    name: "beside-cni",
    about: "each node has a CNI's BGP daemon with port 179 and a session of its own, and Fairlead speaks beside it",
    takes: {},
    tell: async (audience, choices, signal) => {
      const { tellBesideCniStory } = await import("../beside-cni/beside-cni-story.ts");
      return tellBesideCniStory(audience, signal, choices);
    },
  },
  {
    name: "rollout",
    about: "changes to peers are tried on one node first, kept on evidence or taken back",
    takes: {},
    tell: async (audience, choices, signal) => {
      const { tellRolloutStory } = await import("../rollout/rollout-story.ts");
      return tellRolloutStory(audience, signal, choices);
    },
  },
  {
    name: "restart",
    about: "agents are killed, started again and succeeded by new ones, and no route leaves the switch",
    takes: { bfd: "watch the paths and the nodes by BFD all the while: MILLISECONDSxMULTIPLIER" },
    tell: async (audience, options, signal) => {
      const { tellRestartStory } = await import("../restart/restart-story.ts");
      return tellRestartStory(audience, signal, options);
    },
  },
];
