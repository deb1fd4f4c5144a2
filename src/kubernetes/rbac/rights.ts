import {
  AddressBlock,
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  ConfigMap,
  EndpointSlice,
  Event,
  IPAddressPool,
  Lease,
  Namespace,
  Node,
  NodeReport,
  Rollout,
  Secret,
  Service,
  ValidatingWebhookConfiguration,
  webhookName,
  type Kind,
} from "../resources/index.ts";

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

/** May do `verbs` to the objects of the kinds, or to their status. */
export interface Right {
  readonly kinds: readonly Kind[];
  readonly subresource?: "status";
  readonly verbs: readonly Verb[];
  /** Of these names only; of any, where it is left out. */
  readonly names?: readonly string[];
}

/** What one of Fairlead's processes may do, and nothing more: each right is there for code that uses it. */
export interface Rights {
  /** In all namespaces, and on objects that are in none. */
  readonly everywhere: readonly Right[];
  /** In the namespace of the configuration only. */
  readonly inOwnNamespace: readonly Right[];
}

const read = ["list", "watch"] as const;
const configuration = [IPAddressPool, BFDProfile, BGPPeer, BGPAdvertisement, Community, Rollout];

/** Secrets for the passwords of sessions, the ConfigMap as MetalLB's old one. */
const readsConfiguration: Right = { kinds: [...configuration, ConfigMap, Secret], verbs: read };

export const controllerRights: Rights = {
  everywhere: [
    { kinds: [Namespace, Node, NodeReport], verbs: read },
    // Read one by one before an address is written to it: the cache may be behind.
    { kinds: [Service], verbs: ["get", ...read] },
    { kinds: [Service], subresource: "status", verbs: ["patch"] },
    { kinds: [AddressBlock], verbs: ["get", ...read, "create", "update"] },
    // Of a Service, in its namespace.
    { kinds: [Event], verbs: ["create", "patch"] },
  ],
  inOwnNamespace: [
    readsConfiguration,
    { kinds: [IPAddressPool, BGPPeer, BGPAdvertisement], subresource: "status", verbs: ["patch"] },
    { kinds: [Rollout], verbs: ["create", "update"] },
    // Who leads.
    { kinds: [Lease], verbs: ["get", "create", "update"] },
  ],
};

/**
 * Beside `controllerRights`, where it serves a webhook. What is written to is made by who installs it: nobody can be
 * allowed to create an object of one name only.
 */
export const webhookRights: Rights = {
  everywhere: [{ kinds: [ValidatingWebhookConfiguration], verbs: [...read, "patch"], names: [webhookName] }],
  inOwnNamespace: [{ kinds: [Secret], verbs: ["patch"], names: [webhookName] }],
};

export const nodeRights: Rights = {
  everywhere: [
    { kinds: [Service, EndpointSlice, Node], verbs: read },
    // The node's gateways, as an annotation.
    { kinds: [Node], verbs: ["patch"] },
    // Server-side apply creates where there is none.
    { kinds: [NodeReport], verbs: ["create", "patch"] },
  ],
  inOwnNamespace: [readsConfiguration],
};
