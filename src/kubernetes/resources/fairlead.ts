import * as z from "zod";
import { typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

const group = "fairlead.dev";

/**
 * Up to 256 neighbouring addresses and who owns each: what makes an allocation final. It is written, with a
 * compare-and-swap on its resource version, before any Service's status; for one address that is reserved, after it.
 */
export const AddressBlock = defineKind(
  {
    group,
    version: "v1alpha1",
    kind: "AddressBlock",
    namespaced: false,
    custom: true,
    columns: [{ name: "First", type: "string", jsonPath: ".spec.first" }],
    description: "Which Service owns which of up to 256 neighbouring addresses.",
  },
  z.object({
    ...typeMeta("fairlead.dev/v1alpha1", "AddressBlock"),
    spec: z.object({
      first: z.string(),
      // Text, and no objects: an API server checks each field of each object at each write, which costs it five times as
      // much as all the rest of the write.
      owned: z
        .array(z.string())
        .default([])
        .describe(
          "A line for each owner: the address; the Service, as namespace/name; its UID; how it came by the address (annotation, serviceAllocation, autoAssign, requested, shared or adopted); the resourceVersion that it had then. Or, for the Service that comes next: the address; -; the id of a controller; reserved; of which resourceVersions that Service may be, as after-until.",
        ),
    }),
  }),
);
export type AddressBlock = ObjectOf<typeof AddressBlock>;

/** On a Node, written by its agent: the machine's default gateways, separated by commas; addresses for no pool. */
export const gatewaysAnnotation = "fairlead.dev/gateways";

const sessionReport = z.object({
  peer: z.string().describe("The BGPPeer's name."),
  address: z.string(),
  state: z.enum(["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"]),
  since: z.string(),
  prefixes: z.int().describe("Announced to this peer now."),
  namedAS: z.int().optional().describe("The AS number in the peer's OPEN, where it was refused for it."),
  gracefulRestart: z.boolean().optional().describe("Both sides agreed to keep routes over a restart (RFC 4724)."),
  lastError: z.string().optional(),
  lastErrorTime: z.string().optional(),
});

const count = z.int().min(0);

/** What was there before a change was tried and is not there now; flat, for a structural schema has no unions. */
const lostEvidence = z.object({
  code: z.enum(["sessionLost", "routesLost"]),
  peer: z.string(),
  state: z.string().optional().describe("Of the session that was lost, when the time was over."),
  lastError: z.string().optional().describe("What the session said."),
  announced: count.optional().describe("Where routes were lost: how many there are."),
  expected: count.optional().describe("And how many there should be."),
});
export type LostEvidence = z.infer<typeof lostEvidence>;

const trialReport = z.object({
  attempt: count.describe("The one of the Rollout's candidate that this is about."),
  state: z.enum(["trying", "kept", "refused"]),
  why: lostEvidence.optional(),
});

const nodeDetectionReport = z.object({
  watched: z.int().describe("Other nodes with which there is a BFD session."),
  answering: z.int().describe("Of these, those that answer. A node on which no agent runs never does."),
  dead: z
    .array(z.object({ node: z.string(), since: z.string() }))
    .default([])
    .describe("Nodes that answered and fell silent: endpoints there are left out, unless no other is left."),
});

/** What the agent of one node sees: written by that agent alone, read by `fairlead status` and `explain`. */
export const NodeReport = defineKind(
  {
    group,
    version: "v1alpha1",
    kind: "NodeReport",
    namespaced: false,
    custom: true,
    description: "What the agent of one node sees of its sessions.",
  },
  z.object({
    ...typeMeta("fairlead.dev/v1alpha1", "NodeReport"),
    status: z
      .object({
        startTime: z.string(),
        revision: z.string().optional().describe("Of the configuration that is in force on the node."),
        trial: trialReport.optional().describe("The last that the node took part in since its agent started."),
        sessions: z.array(sessionReport).default([]),
        problems: z.array(z.object({ code: z.string(), message: z.string() })).default([]),
        nodeDetection: nodeDetectionReport.optional(),
      })
      .optional(),
  }),
);
export type NodeReport = ObjectOf<typeof NodeReport>;

/**
 * Which configuration is in force, which is tried, and on which nodes: written by the leading controller, with a
 * compare-and-swap on its resource version. A node uses what is `kept`, unless what is written is the candidate and the
 * node has a permit for it.
 */
export const Rollout = defineKind(
  {
    group,
    version: "v1alpha1",
    kind: "Rollout",
    custom: true,
    columns: [
      { name: "Kept", type: "string", jsonPath: ".spec.kept.revision" },
      { name: "Candidate", type: "string", jsonPath: ".spec.candidate.revision" },
      { name: "Tried", type: "string", jsonPath: ".spec.candidate.stage" },
      { name: "Refused", type: "string", jsonPath: ".spec.refused.revision" },
      { name: "By", type: "string", jsonPath: ".spec.refused.node" },
    ],
    description: "Which configuration is in force, and how far a change to it has come.",
  },
  z.object({
    ...typeMeta("fairlead.dev/v1alpha1", "Rollout"),
    spec: z.object({
      attempts: count.describe("How many trials there have been; the number of the last."),
      kept: z.object({
        revision: z.string().describe("A hash of the configuration's objects."),
        objects: z
          .string()
          .optional()
          .describe("These objects as JSON, without passwords; left out where they are more than 900,000 characters."),
      }),
      candidate: z
        .object({
          revision: z.string(),
          attempt: count,
          stage: z.enum(["one", "all"]).describe("Whether one node tries it, or all."),
          permits: z.array(
            z.object({
              node: z.string(),
              atStake: z.array(z.string()).describe("The peers whose sessions must be there afterwards."),
            }),
          ),
        })
        .optional()
        .describe("What is written, while it is tried."),
      refused: z
        .object({ revision: z.string(), node: z.string(), why: lostEvidence })
        .optional()
        .describe("What is written, where a node has taken it back."),
    }),
  }),
);
export type Rollout = ObjectOf<typeof Rollout>;
