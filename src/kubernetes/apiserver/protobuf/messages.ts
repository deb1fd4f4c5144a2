/**
 * How a field of a message is read. Go writes every field that is no pointer, empty or not, so an empty value means
 * that there is none; `pointer` marks the fields where zero and false are values.
 */
export interface Field {
  readonly name: string;
  readonly type:
    | "string"
    | "int"
    | "bool"
    | "bytes"
    | "time"
    | "strings"
    | "stringMap"
    | "bytesMap"
    | "intOrString"
    | Message;
  readonly repeated?: boolean;
  readonly pointer?: boolean;
}

/** The fields of a message by their numbers. */
export interface Message {
  readonly [number: number]: Field;
}

const string = (name: string): Field => ({ name, type: "string" });
const strings = (name: string): Field => ({ name, type: "strings" });
const int = (name: string): Field => ({ name, type: "int" });
const bool = (name: string): Field => ({ name, type: "bool" });
const pointer = (field: Field): Field => ({ ...field, pointer: true });
const stringMap = (name: string): Field => ({ name, type: "stringMap" });
const bytesMap = (name: string): Field => ({ name, type: "bytesMap" });
const message = (name: string, type: Message): Field => ({ name, type });
const list = (name: string, type: Message): Field => ({ name, type, repeated: true });
const time = (name: string): Field => ({ name, type: "time" });

/** Numbers as in k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto. */
const ownerReference: Message = {
  1: string("kind"),
  3: string("name"),
  4: string("uid"),
  5: string("apiVersion"),
  6: pointer(bool("controller")),
  7: pointer(bool("blockOwnerDeletion")),
};

const objectMeta: Message = {
  1: string("name"),
  2: string("generateName"),
  3: string("namespace"),
  4: string("selfLink"),
  5: string("uid"),
  6: string("resourceVersion"),
  7: int("generation"),
  8: time("creationTimestamp"),
  9: time("deletionTimestamp"),
  10: pointer(int("deletionGracePeriodSeconds")),
  11: stringMap("labels"),
  12: stringMap("annotations"),
  13: list("ownerReferences", ownerReference),
  14: strings("finalizers"),
};

const deleteOptions: Message = {
  1: pointer(int("gracePeriodSeconds")),
  2: message("preconditions", { 1: string("uid"), 2: string("resourceVersion") }),
  3: pointer(bool("orphanDependents")),
  4: string("propagationPolicy"),
  5: strings("dryRun"),
};

/** Numbers as in k8s.io/api/core/v1/generated.proto. */
const servicePort: Message = {
  1: string("name"),
  2: string("protocol"),
  3: int("port"),
  4: { name: "targetPort", type: "intOrString" },
  5: int("nodePort"),
  6: string("appProtocol"),
};

const serviceSpec: Message = {
  1: list("ports", servicePort),
  2: stringMap("selector"),
  3: string("clusterIP"),
  4: string("type"),
  5: strings("externalIPs"),
  7: string("sessionAffinity"),
  8: string("loadBalancerIP"),
  9: strings("loadBalancerSourceRanges"),
  10: string("externalName"),
  11: string("externalTrafficPolicy"),
  12: int("healthCheckNodePort"),
  13: bool("publishNotReadyAddresses"),
  14: message("sessionAffinityConfig", { 1: message("clientIP", { 1: pointer(int("timeoutSeconds")) }) }),
  17: string("ipFamilyPolicy"),
  18: strings("clusterIPs"),
  19: strings("ipFamilies"),
  20: pointer(bool("allocateLoadBalancerNodePorts")),
  21: string("loadBalancerClass"),
  22: string("internalTrafficPolicy"),
  23: string("trafficDistribution"),
};

/** Numbers as in k8s.io/api/authorization/v1/generated.proto. */
const resourceAttributes: Message = {
  1: string("namespace"),
  2: string("verb"),
  3: string("group"),
  4: string("version"),
  5: string("resource"),
  6: string("subresource"),
  7: string("name"),
};

/** What kubectl sends in Protocol Buffers: it creates these kinds, evicts, asks, and deletes with options. */
export const messages: Readonly<Record<string, Message>> = {
  DeleteOptions: deleteOptions,
  Eviction: { 1: message("metadata", objectMeta), 2: message("deleteOptions", deleteOptions) },
  Namespace: {
    1: message("metadata", objectMeta),
    2: message("spec", { 1: strings("finalizers") }),
    3: message("status", { 1: string("phase") }),
  },
  ConfigMap: {
    1: message("metadata", objectMeta),
    2: stringMap("data"),
    3: bytesMap("binaryData"),
    4: pointer(bool("immutable")),
  },
  Secret: {
    1: message("metadata", objectMeta),
    2: bytesMap("data"),
    3: string("type"),
    4: stringMap("stringData"),
    5: pointer(bool("immutable")),
  },
  ServiceAccount: { 1: message("metadata", objectMeta) },
  TokenRequest: {
    1: message("metadata", objectMeta),
    2: message("spec", {
      1: strings("audiences"),
      2: message("boundObjectRef", { 1: string("kind"), 2: string("apiVersion"), 3: string("name"), 4: string("uid") }),
      4: pointer(int("expirationSeconds")),
    }),
    3: message("status", { 1: string("token"), 2: time("expirationTimestamp") }),
  },
  SelfSubjectReview: {
    1: message("metadata", objectMeta),
    2: message("status", { 1: message("userInfo", { 1: string("username"), 2: string("uid"), 3: strings("groups") }) }),
  },
  SelfSubjectAccessReview: {
    1: message("metadata", objectMeta),
    2: message("spec", {
      1: message("resourceAttributes", resourceAttributes),
      2: message("nonResourceAttributes", { 1: string("path"), 2: string("verb") }),
    }),
    3: message("status", {
      1: bool("allowed"),
      2: string("reason"),
      3: string("evaluationError"),
      4: bool("denied"),
    }),
  },
  Service: {
    1: message("metadata", objectMeta),
    2: message("spec", serviceSpec),
    // What a client says of the status when it creates a Service is not looked at.
    3: message("status", { 1: message("loadBalancer", {}) }),
  },
};

/** The envelope of every object (k8s.io/apimachinery/pkg/runtime/generated.proto, Unknown). */
export const envelope: Message = {
  1: message("typeMeta", { 1: string("apiVersion"), 2: string("kind") }),
  2: { name: "raw", type: "bytes" },
  3: string("contentEncoding"),
  4: string("contentType"),
};
