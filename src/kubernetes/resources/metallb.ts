import * as z from "zod";
import { typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { labelSelector } from "./label-selector.ts";
import { condition } from "./metadata.ts";

const group = "metallb.io";
const asn = z.int().min(0).max(4_294_967_295);

/** Whole seconds with units, as Go writes durations: `90s`, `1m30s`. */
const duration = z.string().regex(/^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/, "a duration such as 90s or 1m30s");

/** A rule for Kubernetes (CEL): a field that has a value keeps it. */
const immutable = (field: string) => ({
  "x-kubernetes-validations": [{ rule: "self == oldSelf", message: `${field} cannot be changed: make another peer` }],
});

export const IPAddressPool = defineKind(
  {
    group,
    version: "v1beta1",
    kind: "IPAddressPool",
    statusSubresource: true,
    custom: true,
    columns: [
      { name: "Auto Assign", type: "boolean", jsonPath: ".spec.autoAssign" },
      { name: "Avoid Buggy IPs", type: "boolean", jsonPath: ".spec.avoidBuggyIPs" },
      { name: "Addresses", type: "string", jsonPath: ".spec.addresses" },
    ],
    description: "Addresses that Services may be given.",
  },
  z.object({
    ...typeMeta("metallb.io/v1beta1", "IPAddressPool"),
    spec: z.object({
      addresses: z.array(z.string()).min(1).describe("Ranges, each a prefix (192.0.2.0/24) or first-last."),
      autoAssign: z.boolean().default(true).describe("Whether Services that ask for no pool are served from this one."),
      avoidBuggyIPs: z.boolean().default(false).describe("Leave out addresses that end in .0 and .255."),
      serviceAllocation: z
        .object({
          priority: z.int().optional().describe("Pools with lower numbers come first; 0 or none comes last."),
          namespaces: z.array(z.string()).optional().describe("Services in these namespaces."),
          namespaceSelectors: z.array(labelSelector).optional().describe("Services in namespaces with these labels."),
          serviceSelectors: z.array(labelSelector).optional().describe("Services with these labels."),
        })
        .optional()
        .describe("The Services that this pool is kept for."),
    }),
    status: z
      .object({
        assignedIPv4: z.int().optional(),
        assignedIPv6: z.int().optional(),
        availableIPv4: z.int().optional(),
        availableIPv6: z.int().optional(),
        conditions: z.array(condition).optional(),
      })
      .optional(),
  }),
);
export type IPAddressPool = ObjectOf<typeof IPAddressPool>;

export const BGPPeer = defineKind(
  {
    group,
    version: "v1beta2",
    kind: "BGPPeer",
    statusSubresource: true,
    custom: true,
    columns: [
      { name: "Address", type: "string", jsonPath: ".spec.peerAddress" },
      { name: "ASN", type: "string", jsonPath: ".spec.peerASN" },
      { name: "BFD Profile", type: "string", jsonPath: ".spec.bfdProfile" },
    ],
    description: "A router that nodes speak BGP with.",
  },
  z.object({
    ...typeMeta("metallb.io/v1beta2", "BGPPeer"),
    spec: z.object({
      myASN: asn.min(1).describe("The AS number of the nodes."),
      localASN: asn.min(1).optional().describe("What this router hears instead of myASN."),
      peerASN: asn.optional().describe("The AS number of the router; or say dynamicASN."),
      dynamicASN: z
        .enum(["internal", "external"])
        .optional()
        .describe("Take the router's AS number as it says it: the nodes' own, or any but that."),
      peerAddress: z.string().optional().describe("The IP address of the router; or say interface."),
      interface: z
        .string()
        .optional()
        .describe("The node's link at whose other end the router is, in place of its address (unnumbered)."),
      peerPort: z.int().min(1).max(65_535).default(179).describe("The TCP port of the router."),
      sourceAddress: z.string().optional().describe("Where sessions come from; the system chooses by default."),
      holdTime: duration.optional().describe("0s, or 3s and more; 90s by default."),
      keepaliveTime: duration.optional().describe("A third of the hold time by default."),
      connectTime: duration.optional().describe("Between attempts to connect; whole seconds."),
      routerID: z.string().optional().describe("An IPv4 address; the node's own by default."),
      nodeSelectors: z
        .array(labelSelector)
        .optional()
        .describe("The nodes that speak with it; all when there is none."),
      password: z.string().optional().describe("Signs the session (TCP MD5, RFC 2385); or say passwordSecret."),
      passwordSecret: z
        .object({
          name: z.string().optional(),
          namespace: z.string().optional().describe("That of this object, which it also is when it is left out."),
        })
        .optional()
        .describe("A Secret of type kubernetes.io/basic-auth whose key `password` signs the session."),
      bfdProfile: z.string().optional().describe("The name of a BFDProfile: notice a failed path by BFD."),
      enableGracefulRestart: z
        .boolean()
        .optional()
        .describe("The router keeps its routes while an agent is started anew (RFC 4724). Not to be changed later.")
        .meta(immutable("enableGracefulRestart")),
      ebgpMultiHop: z
        .boolean()
        .optional()
        .describe("Other routers may lie between: BFD goes over several hops. Not for a router of the same AS."),
      vrf: z.string().optional().describe("The VRF in which the router is: the name of a link of the nodes."),
      disableMP: z.boolean().optional().describe("Has no effect, as in MetalLB: see dualStackAddressFamily."),
      dualStackAddressFamily: z
        .boolean()
        .optional()
        .describe("Announce IPv4 and IPv6; without it only the family of peerAddress."),
    }),
    status: z.object({ conditions: z.array(condition).optional() }).optional(),
  }),
);
export type BGPPeer = ObjectOf<typeof BGPPeer>;

const intervalMs = z.int().min(10).max(60_000);

export const BFDProfile = defineKind(
  {
    group,
    version: "v1beta1",
    kind: "BFDProfile",
    custom: true,
    columns: [
      { name: "Passive Mode", type: "boolean", jsonPath: ".spec.passiveMode" },
      { name: "Transmit Interval", type: "integer", jsonPath: ".spec.transmitInterval" },
      { name: "Receive Interval", type: "integer", jsonPath: ".spec.receiveInterval" },
      { name: "Multiplier", type: "integer", jsonPath: ".spec.detectMultiplier" },
    ],
    description: "How fast the failure of a path to a router is to be noticed (BFD, RFC 5880).",
  },
  z.object({
    ...typeMeta("metallb.io/v1beta1", "BFDProfile"),
    spec: z
      .object({
        receiveInterval: intervalMs
          .default(300)
          .describe("The least time between packets that we take, in milliseconds."),
        transmitInterval: intervalMs
          .default(300)
          .describe("The least time between packets that we send, in milliseconds."),
        detectMultiplier: z.int().min(2).max(255).default(3).describe("So many packets lost are a failure."),
        passiveMode: z.boolean().default(false).describe("Wait until the router begins."),
        echoMode: z
          .boolean()
          .default(false)
          .describe("Send packets that the router's forwarding plane sends back, and say that this node does so, too."),
        echoInterval: intervalMs.default(50).describe("The least time between echo packets, in milliseconds."),
        minimumTtl: z.int().min(1).max(254).default(254).describe("The least TTL of packets over several hops."),
      })
      .prefault({}),
  }),
);
export type BFDProfile = ObjectOf<typeof BFDProfile>;

export const BGPAdvertisement = defineKind(
  {
    group,
    version: "v1beta1",
    kind: "BGPAdvertisement",
    statusSubresource: true,
    custom: true,
    columns: [
      { name: "IPAddressPools", type: "string", jsonPath: ".spec.ipAddressPools" },
      { name: "IPAddressPool Selectors", type: "string", jsonPath: ".spec.ipAddressPoolSelectors" },
      { name: "Peers", type: "string", jsonPath: ".spec.peers" },
      { name: "Node Selectors", type: "string", jsonPath: ".spec.nodeSelectors", wide: true },
    ],
    description: "Which addresses are announced, from which nodes, to which routers, and how.",
  },
  z.object({
    ...typeMeta("metallb.io/v1beta1", "BGPAdvertisement"),
    spec: z
      .object({
        aggregationLength: z
          .int()
          .min(1)
          .max(32)
          .default(32)
          .describe("The prefix length that IPv4 is announced with."),
        aggregationLengthV6: z.int().min(1).max(128).default(128).describe("The same for IPv6."),
        localPref: z.int().min(0).max(4_294_967_295).optional().describe("For routers of the same AS."),
        communities: z
          .array(z.string())
          .optional()
          .describe("Each 65000:1, large:65000:1:2, a name of a Community, or a well-known one such as no-export."),
        ipAddressPools: z.array(z.string()).optional().describe("Pools by name."),
        ipAddressPoolSelectors: z.array(labelSelector).optional().describe("Pools by their labels."),
        nodeSelectors: z.array(labelSelector).optional().describe("Announced from these nodes; all by default."),
        serviceSelectors: z.array(labelSelector).optional().describe("For these Services; all by default."),
        peers: z.array(z.string()).optional().describe("Routers by name; all when there is none."),
      })
      // No spec at all is an advertisement of every pool to every peer.
      .prefault({}),
    status: z.object({ conditions: z.array(condition).optional() }).optional(),
  }),
);
export type BGPAdvertisement = ObjectOf<typeof BGPAdvertisement>;

export const Community = defineKind(
  {
    group,
    version: "v1beta1",
    kind: "Community",
    plural: "communities",
    custom: true,
    description: "Names for BGP communities, for use in BGPAdvertisements.",
  },
  z.object({
    ...typeMeta("metallb.io/v1beta1", "Community"),
    spec: z
      .object({
        communities: z
          .array(
            z.object({
              name: z.string().optional().describe("What BGPAdvertisements call it."),
              value: z.string().optional().describe("65000:1, or large:65000:1:2."),
            }),
          )
          .optional(),
      })
      .prefault({}),
  }),
);
export type Community = ObjectOf<typeof Community>;

/** Annotations on Services that steer allocation, each also under its older prefix. */
export const annotationPrefixes = ["metallb.io/", "metallb.universe.tf/"] as const;

/** Annotations of Fairlead's own, for what MetalLB has no field. */
export const ownAnnotations = {
  /** On a BGPPeer. */
  connectMode: "fairlead.dev/connect-mode",
  ttlSecurityHops: "fairlead.dev/ttl-security-hops",
  sourceFrom: "fairlead.dev/source-from",
  nextHop: "fairlead.dev/next-hop",
  origin: "fairlead.dev/origin",
  /** On a BGPAdvertisement. */
  prepend: "fairlead.dev/as-path-prepend",
  med: "fairlead.dev/med",
  weight: "fairlead.dev/weight",
} as const;
