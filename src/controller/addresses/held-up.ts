import type { Service } from "../../kubernetes/resources/index.ts";

/** What cannot be released as long as its Service has the version that it has. */
export class HeldUp {
  #before = new Map<string, Service>();
  #now = new Map<string, Service>();

  note(name: string, service: Service): void {
    this.#now.set(name, service);
  }

  /** To be asked from time to time: the Services that were the same at the last two times. */
  since(): readonly Service[] {
    const [before, now] = [this.#before, this.#now];
    [this.#before, this.#now] = [now, new Map()];
    return [...now]
      .filter(([name, { metadata }]) => before.get(name)?.metadata.resourceVersion === metadata.resourceVersion)
      .map(([, service]) => service);
  }
}
