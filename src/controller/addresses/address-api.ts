import { formatAddress, type Address } from "../../net/index.ts";
import { ApiError, applying, type Client } from "../../kubernetes/client/index.ts";
import { AddressBlock, annotationPrefixes, Service } from "../../kubernetes/resources/index.ts";

/**
 * What allocation needs of the API server, and all that it needs: so that whole races between controllers can be played
 * through in a test. Every write fails with a conflict (see `isConflict`) if the object is another than the caller saw.
 */
export interface AddressApi {
  /** A quorum read: what is written now, not what a cache remembers. `key` is `namespace/name`. */
  readService(key: string): Promise<Service | undefined>;
  readBlock(name: string): Promise<AddressBlock | undefined>;
  /** Creates the block if it has no resourceVersion. */
  writeBlock(block: AddressBlock): Promise<AddressBlock>;
  /** Makes `addresses` the ingress addresses in the Service's status, and `pool` its annotation. */
  writeIngress(service: Service, addresses: readonly Address[], pool: string | undefined): Promise<void>;
  /** Makes another version of the Service, and changes nothing of what it is. */
  renew(service: Service): Promise<void>;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "conflict" || error.code === "already-exists");
}

export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.code === "not-found";
}

const renewedAnnotation = "fairlead.dev/renewed";
const poolAnnotation = `${annotationPrefixes[0]}ip-allocated-from-pool`;

export function addressApi(client: Client, signal: AbortSignal): AddressApi {
  return {
    readService: (key) => client.find(Service, namesOf(key), { signal }),
    readBlock: (name) => client.find(AddressBlock, { name }, { signal }),
    writeBlock: (block) =>
      block.metadata.resourceVersion === undefined
        ? client.create(AddressBlock, block, { signal })
        : client.update(AddressBlock, block, { signal }),
    writeIngress: async ({ metadata }, addresses, pool) => {
      const { name, namespace, resourceVersion } = metadata;
      const written = {
        metadata: {
          name,
          namespace,
          resourceVersion,
          ...(pool === undefined ? {} : { annotations: { [poolAnnotation]: pool } }),
        },
        status: { loadBalancer: { ingress: addresses.map((address) => ({ ip: formatAddress(address) })) } },
      };
      // Another writer of this field is an event, not a fight: it is told, and what the plan decided stands.
      await client.tell(applying(Service, written, { force: true }, "status"), { signal });
    },
    renew: async ({ metadata: { name, namespace, resourceVersion } }) => {
      const annotations = { [renewedAnnotation]: resourceVersion ?? "" };
      // An address that is applied later is applied without it.
      const written = { metadata: { name, namespace, resourceVersion, annotations } };
      await client.tell(applying(Service, written, { force: true }, "status"), { signal });
    },
  };
}

function namesOf(key: string): { namespace: string; name: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
