import * as z from "zod";
import { typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

const group = "fairlead.dev";

const ownedAddress = z.object({
  address: z.string(),
  owners: z
    .array(
      z.object({
        uid: z.string(),
        service: z.string().describe("namespace/name"),
        why: z
          .enum(["annotation", "serviceAllocation", "autoAssign", "requested", "shared", "adopted"])
          .describe("How the Service came by the address."),
        seen: z.string().describe("The Service's resourceVersion when it was given the address."),
      }),
    )
    .min(1),
});

/**
 * Up to 256 neighbouring addresses and who owns each: what makes an allocation final. It is written, with a
 * compare-and-swap on its resource version, before any Service's status.
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
    spec: z.object({ first: z.string(), owned: z.array(ownedAddress).default([]) }),
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
        sessions: z.array(sessionReport).default([]),
        problems: z.array(z.object({ code: z.string(), message: z.string() })).default([]),
        nodeDetection: nodeDetectionReport.optional(),
      })
      .optional(),
  }),
);
export type NodeReport = ObjectOf<typeof NodeReport>;
