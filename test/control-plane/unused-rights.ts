import type { KubernetesObject } from "../../src/kubernetes/resources/index.ts";
import type { AuditEvent } from "../../src/lab/control-plane/control-plane.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

type Role = KubernetesObject & { readonly rules?: unknown; readonly subjects?: unknown };

/** What these roles grant to service accounts, and none has asked for: `ACCOUNT VERB GROUP RESOURCE`. */
export function unusedRights(manifests: readonly Role[], events: readonly AuditEvent[]): readonly string[] {
  const used = new Set(events.map(rightOf));
  const granted = manifests.flatMap(({ kind, metadata, rules }) =>
    ((rules ?? []) as readonly Rule[]).flatMap(({ apiGroups, resources, verbs }) =>
      accountsOf(manifests, kind, metadata.name).flatMap((account) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => `${account} ${verb} ${group} ${resource}`)),
        ),
      ),
    ),
  );
  return granted.filter((each) => !used.has(each));
}

function accountsOf(manifests: readonly Role[], kind: string, name: string): string[] {
  const binding = manifests.find((each) => each.kind === `${kind}Binding` && each.metadata.name === name);
  return ((binding?.subjects ?? []) as readonly { readonly name: string }[]).map((subject) => subject.name);
}

function rightOf({ user, verb, objectRef }: AuditEvent): string {
  const { apiGroup = "", resource = "", subresource } = objectRef ?? {};
  const account = user.username.split(":").at(-1);
  return `${account} ${verb} ${apiGroup} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
}
