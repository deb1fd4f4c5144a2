import * as z from "zod";
import { isApiError, type Client } from "../kubernetes/client/index.ts";
import { defineKind, keyOf, type Kind } from "../kubernetes/resources/index.ts";

/** Kinds of MetalLB that Fairlead knows by name only, in one of their versions. */
const unreadKinds = [
  { kind: "L2Advertisement", version: "v1beta1", why: "addresses are not announced on layer 2" },
  { kind: "AddressPool", version: "v1beta1", why: "write an IPAddressPool and a BGPAdvertisement instead" },
] as const;

/** What MetalLB's users have written that Fairlead does not read, each with what follows. */
export async function unreadObjects(client: Client, namespace: string): Promise<string[]> {
  const found = await Promise.all(
    unreadKinds.map(async ({ kind, version, why }) => {
      try {
        const { items } = await client.list(nameOnly(kind, version), { namespace });
        return items.map((object) => `${kind} ${keyOf(object)}: ${why}`);
      } catch (error) {
        if (isApiError(error, "not-found")) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

function nameOnly(kind: string, version: string): Kind {
  return defineKind(
    { group: "metallb.io", version, kind, namespaced: true, custom: true, description: "" },
    z.object({
      apiVersion: z.string().default(`metallb.io/${version}`),
      kind: z.string().default(kind),
      metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
    }),
  );
}
