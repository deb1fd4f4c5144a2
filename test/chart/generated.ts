import { stringify } from "yaml";
import { rbacManifests, webhookRbacManifests } from "../../src/kubernetes/rbac/index.ts";
import { customResourceDefinition, kinds } from "../../src/kubernetes/resources/index.ts";

const note = `{{- /* Made from the code by test/chart/chart.test.ts. Do not edit: change the code and run
     node --test --test-update-snapshots test/chart/chart.test.ts */}}`;

/** The rights of the service accounts, as the lab grants them too. */
export function rbacTemplate(): string {
  return [note, ...rbacManifests("{{ .Release.Namespace }}").map(document)].join("\n---\n");
}

/** What the controller may do besides, where it serves the webhook. */
export function webhookRbacTemplate(): string {
  const roles = webhookRbacManifests("{{ .Release.Namespace }}").map(document);
  return [`${note}\n{{- if .Values.webhook.enabled }}`, ...roles, "{{- end }}\n"].join("\n---\n");
}

/** Kept when the chart goes: with a definition all objects of its kind would go. */
export function crdsTemplate(): string {
  const definitions = kinds
    .filter((kind) => kind.custom)
    .map((kind) => {
      const { metadata, ...rest } = customResourceDefinition(kind) as { metadata: object };
      const kept = { ...metadata, annotations: { "helm.sh/resource-policy": "keep" } };
      const text = `---\n${document({ ...rest, metadata: kept })}`;
      return kind.group === "metallb.io" ? `{{- if .Values.crds.metallb }}\n${text}\n{{- end }}` : text;
    });
  return [`${note}\n{{- if .Values.crds.install }}`, ...definitions, "{{- end }}\n"].join("\n");
}

function document(object: object): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
