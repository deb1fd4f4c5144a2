import { webhookName, type KubernetesObject } from "../resources/index.ts";
import { controllerRights, nodeRights, webhookRights, type Right, type Rights } from "./rights.ts";

/** The service accounts of Fairlead's processes. */
export const serviceAccounts = { controller: "fairlead-controller", node: "fairlead-node" } as const;

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

type RbacObject = KubernetesObject & Readonly<Record<string, unknown>>;

/** The service accounts of Fairlead's processes in `namespace`, and what binds their rights to them. */
export function rbacManifests(namespace: string): RbacObject[] {
  return [
    ...withAccount(serviceAccounts.controller, controllerRights, namespace),
    ...withAccount(serviceAccounts.node, nodeRights, namespace),
  ];
}

/** What the controller may do besides, where it serves a webhook. */
export function webhookRbacManifests(namespace: string): RbacObject[] {
  return rolesOf(webhookName, webhookRights, { name: serviceAccounts.controller, namespace });
}

function withAccount(name: string, rights: Rights, namespace: string): RbacObject[] {
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
  return [account, ...rolesOf(name, rights, { name, namespace })];
}

function rolesOf(
  name: string,
  rights: Rights,
  account: { readonly name: string; readonly namespace: string },
): RbacObject[] {
  const { namespace } = account;
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const subjects = [{ kind: "ServiceAccount", ...account }];
  const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
  return [
    { apiVersion, kind: "ClusterRole", metadata: { name }, rules: rights.everywhere.flatMap(rulesOf) },
    { apiVersion, kind: "ClusterRoleBinding", metadata: { name }, roleRef: roleRef("ClusterRole"), subjects },
    { apiVersion, kind: "Role", metadata: { name, namespace }, rules: rights.inOwnNamespace.flatMap(rulesOf) },
    { apiVersion, kind: "RoleBinding", metadata: { name, namespace }, roleRef: roleRef("Role"), subjects },
  ];
}

/** One rule for each API group: a rule of several groups would be for all its resources in each. */
function rulesOf({ kinds, subresource, verbs, names }: Right): PolicyRule[] {
  const groups = Map.groupBy(kinds, (kind) => kind.group);
  return [...groups].map(([group, members]) => ({
    apiGroups: [group],
    resources: members.map(({ plural }) => (subresource === undefined ? plural : `${plural}/${subresource}`)),
    verbs,
    ...(names === undefined ? {} : { resourceNames: names }),
  }));
}
