import { parseAddress, type Address } from "../../net/index.ts";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";

/** What tests of one block speak of: 192.0.2.0 and its neighbours. */

export function at(number: number): Address {
  const address = parseAddress(`192.0.2.${number}`);
  if (address === undefined) throw new Error(`${number} is no last octet`);
  return address;
}

export function blockOf(version: string, ...owned: string[]): AddressBlock {
  return {
    apiVersion: "fairlead.dev/v1alpha1",
    kind: "AddressBlock",
    metadata: { name: "ipv4-192.0.2.0", resourceVersion: version },
    spec: { first: "192.0.2.0", owned },
  };
}
