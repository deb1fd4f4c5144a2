import type { ContractApi } from "../contract.ts";

/** Manifests that several parts of the contract use. */

export const configMap = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

export const pool = (name: string, spec: object) => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "IPAddressPool",
  metadata: { name },
  spec,
});

export const service = (name: string, spec: object) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }], ...spec },
});

export const pod = (name: string, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...metadata },
  spec: { containers: [{ name: "main", image: "example.com/main" }], nodeName: "nowhere" },
});

/** Sends an object as `kubectl create -f` does, and gives back what the server made of it. */
export async function created(api: ContractApi, object: { readonly kind: string }): Promise<void> {
  await api.kubectl.run("create", "-f", await api.kubectl.file(`${object.kind}.json`, object));
}

export async function refusedToCreate(api: ContractApi, object: { readonly kind: string }): Promise<string> {
  return api.kubectl.refused("create", "-f", await api.kubectl.file(`${object.kind}.json`, object));
}

export const configMapsPath = ({ namespace }: ContractApi) => `/api/v1/namespaces/${namespace}/configmaps`;

/** The JSON of an answer, which must be of that code. */
export async function call<Value = Answered>(
  { raw }: ContractApi,
  code: number,
  ...request: Parameters<ContractApi["raw"]["call"]>
): Promise<Value> {
  const answer = await raw.call(...request);
  if (answer.code !== code)
    throw new Error(`${request[0]} ${request[1]}: ${answer.code} and not ${code}: ${answer.text}`);
  return JSON.parse(answer.text) as Value;
}

export interface Answered {
  readonly reason?: string;
  readonly message?: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown>;
  readonly items: readonly Answered[];
}
