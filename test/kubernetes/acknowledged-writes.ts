import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import type { RawClient } from "./raw-client.ts";

const writers = 8;
/** How many names each writer writes to, over and over. */
const names = 40;
const configMaps = "/api/v1/namespaces/default/configmaps";

/** What a server has said of an object that it wrote, and what it must show from then on. */
interface Acknowledged {
  readonly value: string;
  readonly resourceVersion: string;
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data?: { readonly value: string };
}

/** Writes to an API server that may be gone at any moment, and what it has acknowledged of them. */
export class AcknowledgedWrites {
  /** By name; `undefined` is deleted. */
  readonly #objects = new Map<string, Acknowledged | undefined>();
  /** The highest that the server has said. */
  revision = 0;

  /** Creates, changes and deletes objects until the server is gone, or has taken `count` writes; `told` is called for each. */
  async write(client: RawClient, count: number, told: () => void): Promise<void> {
    // Each writer has names of its own, so that what it was told last is what must be there.
    const all = Array.from({ length: writers }, (_, writer) => this.#writeOwn(client, writer, count / writers, told));
    await Promise.allSettled(all);
  }

  /** Throws where the server does not show all that was acknowledged, in the version that it said, or has gone back. */
  async verify(client: RawClient): Promise<void> {
    const { metadata, items } = JSON.parse((await client.call("GET", configMaps)).text) as {
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly ConfigMap[];
    };
    const there = new Map(items.map((item) => [item.metadata.name, item]));
    for (const [name, acknowledged] of this.#objects) {
      const found = there.get(name);
      const shown = found && { value: found.data?.value, resourceVersion: found.metadata.resourceVersion };
      assert.deepEqual(shown, acknowledged, `${name}, of ${this.#objects.size}`);
    }
    assert.ok(Number(metadata.resourceVersion) >= this.revision, `${metadata.resourceVersion} < ${this.revision}`);
  }

  async #writeOwn(client: RawClient, writer: number, count: number, told: () => void): Promise<void> {
    for (let written = 0; written < count; written++) {
      const name = `w${writer}-${randomInt(names)}`;
      const deletes = this.#objects.get(name) !== undefined && randomInt(4) === 0;
      // Until it has answered nobody knows: what it did not answer may be there or not.
      this.#objects.delete(name);
      this.#objects.set(name, await (deletes ? this.#delete(client, name) : this.#apply(client, name)));
      told();
    }
  }

  async #delete(client: RawClient, name: string): Promise<undefined> {
    const { code, text } = await client.call("DELETE", `${configMaps}/${name}`);
    assert.equal(code, 200, text);
  }

  async #apply(client: RawClient, name: string): Promise<Acknowledged> {
    const value = `${Date.now()}-${randomInt(1_000_000)}`;
    const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value } });
    const headers = { "content-type": "application/apply-patch+yaml" };
    const path = `${configMaps}/${name}?fieldManager=writer&force=true`;
    const { code, text } = await client.call("PATCH", path, body, headers);
    assert.ok(code === 200 || code === 201, text);
    const { resourceVersion } = (JSON.parse(text) as ConfigMap).metadata;
    this.revision = Math.max(this.revision, Number(resourceVersion));
    return { value, resourceVersion };
  }
}
