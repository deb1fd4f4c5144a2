import type { Client, JsonPatchStep } from "../kubernetes/client/index.ts";
import { ValidatingWebhookConfiguration, webhookName } from "../kubernetes/resources/index.ts";

/** On MetalLB's registration: the webhooks of it that were `Fail`. */
const closedAnnotation = "fairlead.dev/failure-policy-fail";

/**
 * MetalLB's controller answers the webhooks for pools and peers. While it is away the API server would refuse every
 * change to them, so it is told to take them; Fairlead's own webhook judges them then.
 */
export async function openWebhooks(client: Client, namespace: string, signal: AbortSignal): Promise<readonly string[]> {
  return change(client, namespace, signal, ({ metadata, webhooks = [] }) => {
    const closed = webhooks.filter(
      ({ clientConfig, failurePolicy }) => clientConfig.service?.namespace === namespace && failurePolicy === "Fail",
    );
    if (closed.length === 0) return undefined;
    const known = metadata.annotations?.[closedAnnotation]?.split(",") ?? [];
    const names = [...new Set([...known, ...closed.map(({ name }) => name)])];
    return { names: closed.map(({ name }) => name), policy: "Ignore", annotation: names.join() };
  });
}

/** Undoes `openWebhooks`. */
export async function closeWebhooks(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return change(client, namespace, signal, ({ metadata }) => {
    const names = metadata.annotations?.[closedAnnotation]?.split(",");
    return names && { names, policy: "Fail", annotation: undefined };
  });
}

interface Change {
  readonly names: readonly string[];
  readonly policy: "Fail" | "Ignore";
  readonly annotation: string | undefined;
}

/** Resolves with the names of the registrations that were changed. */
async function change(
  client: Client,
  namespace: string,
  signal: AbortSignal,
  wanted: (registration: ValidatingWebhookConfiguration) => Change | undefined,
): Promise<readonly string[]> {
  const { items } = await client.list(ValidatingWebhookConfiguration, { signal });
  const changed: string[] = [];
  for (const registration of items) {
    const { name, resourceVersion } = registration.metadata;
    const what = name === webhookName ? undefined : wanted(registration);
    if (what === undefined) continue;
    const steps = (registration.webhooks ?? []).flatMap((each, index): JsonPatchStep[] =>
      what.names.includes(each.name)
        ? [{ op: "add", path: `/webhooks/${index}/failurePolicy`, value: what.policy }]
        : [],
    );
    // A list is patched by its places, which must be those that were read.
    const unchanged: JsonPatchStep = { op: "test", path: "/metadata/resourceVersion", value: resourceVersion };
    const body = [unchanged, ...annotated(registration, what.annotation), ...steps];
    await client.patch(ValidatingWebhookConfiguration, { name }, { type: "json", body }, { signal });
    changed.push(name);
  }
  return changed;
}

function annotated({ metadata }: ValidatingWebhookConfiguration, value: string | undefined): JsonPatchStep[] {
  const path = `/metadata/annotations/${closedAnnotation.replaceAll("/", "~1")}`;
  if (value === undefined) return [{ op: "remove", path }];
  const map: JsonPatchStep[] =
    metadata.annotations === undefined ? [{ op: "add", path: "/metadata/annotations", value: {} }] : [];
  return [...map, { op: "add", path, value }];
}
