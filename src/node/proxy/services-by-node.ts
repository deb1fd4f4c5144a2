import type { EndpointSlice } from "../../kubernetes/resources/index.ts";

/** Which services have endpoints on a node: those to look at when it dies. */
export class ServicesByNode {
  readonly #services = new Map<string, Set<string>>();
  readonly #nodes = new Map<string, readonly string[]>();

  /** Takes in the slices of a service, none for one that is gone. */
  set(service: string, slices: readonly EndpointSlice[]): void {
    for (const node of this.#nodes.get(service) ?? []) {
      const services = this.#services.get(node);
      services?.delete(service);
      if (services?.size === 0) this.#services.delete(node);
    }
    const nodes = slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((each) => each.nodeName ?? []));
    if (nodes.length === 0) this.#nodes.delete(service);
    else this.#nodes.set(service, [...new Set(nodes)]);
    for (const node of this.#nodes.get(service) ?? []) {
      const services = this.#services.get(node);
      if (services === undefined) this.#services.set(node, new Set([service]));
      else services.add(service);
    }
  }

  on(node: string): Iterable<string> {
    return this.#services.get(node) ?? [];
  }
}
