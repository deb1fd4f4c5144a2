import type { ClusterChoices } from "../bgp/bgp-cluster.ts";
import type { BfdTimes } from "../frr-switch.ts";
import type { Audience, StoryReport } from "../story.ts";

/** What a story may be asked for; each takes some of it. */
export interface StoryOptions extends ClusterChoices {
  readonly bfd?: BfdTimes | undefined;
  readonly faults?: number | undefined;
}

/** A story that can be told, on a lab that is built for it and removed after it. */
export interface StoryKind {
  readonly name: string;
  readonly about: string;
  /** The options that it takes, and what each means to it. */
  readonly takes: Readonly<Partial<Record<keyof StoryOptions, string>>>;
  readonly tell: (audience: Audience, options: StoryOptions, signal: AbortSignal) => Promise<StoryReport>;
}

/** How often a node dies in each way to watch nodes, where nobody says it. */
const defaultFaults = 5;
/** In how many ways nodes are watched where nobody says it. */
const defaultDetections = [undefined, { intervalMs: 300, multiplier: 3 }, { intervalMs: 50, multiplier: 3 }];

/** What a story takes whose lab has a cluster. */
export const clusterTakes = {
  api: "the embedded API server, or Kubernetes' own control plane",
  proxy: "who takes Services' traffic to pods; kube-proxy and kube-proxy-ipvs need --api kubernetes",
  image: "an OCI layout: Fairlead runs on its files, and not on these",
} as const satisfies StoryKind["takes"];

/** All stories, in the order in which they are best read. Each is loaded only when it is told. */
export const stories: readonly StoryKind[] = [
  {
    name: "bgp",
    about: "a Service gets its address, three nodes announce it, a node is drained and a node dies",
    takes: { ...clusterTakes, bfd: "watch the paths by BFD where resources configure it: MILLISECONDSxMULTIPLIER" },
    tell: async (audience, { bfd, api, proxy, image }, signal) => {
      const { tellBgpStory } = await import("../bgp/bgp-story.ts");
      return tellBgpStory(audience, signal, { bfd, api, proxy, image });
    },
  },
  {
    name: "loss-windows",
    about: "nodes die over and over, and what each death costs clients is counted",
    takes: {
      ...clusterTakes,
      bfd: "watch nodes not at all and at these times, MILLISECONDSxMULTIPLIER; not at all, 300x3 and 50x3 by default",
      faults: `how often a node dies, for each way to watch nodes; ${defaultFaults} by default`,
    },
    tell: async (audience, { bfd, faults = defaultFaults, api, proxy, image }, signal) => {
      const { tellLossWindows } = await import("../bgp/loss-windows.ts");
      const detections = bfd === undefined ? defaultDetections : [undefined, bfd];
      return tellLossWindows(audience, { detections, faults, api, proxy, image }, signal);
    },
  },
  {
    name: "beside-cni",
    about: "each node has a CNI's BGP daemon with port 179 and a session of its own, and Fairlead speaks beside it",
    takes: {},
    tell: async (audience, _, signal) => {
      const { tellBesideCniStory } = await import("../beside-cni/beside-cni-story.ts");
      return tellBesideCniStory(audience, signal);
    },
  },
  {
    name: "rollout",
    about: "changes to peers are tried on one node first, kept on evidence or taken back",
    takes: clusterTakes,
    tell: async (audience, { api, proxy, image }, signal) => {
      const { tellRolloutStory } = await import("../rollout/rollout-story.ts");
      return tellRolloutStory(audience, signal, { api, proxy, image });
    },
  },
  {
    name: "restart",
    about: "agents are killed, started again and succeeded by new ones, and no route leaves the switch",
    takes: { bfd: "watch the paths and the nodes by BFD all the while: MILLISECONDSxMULTIPLIER" },
    tell: async (audience, { bfd }, signal) => {
      const { tellRestartStory } = await import("../restart/restart-story.ts");
      return tellRestartStory(audience, signal, bfd);
    },
  },
];
