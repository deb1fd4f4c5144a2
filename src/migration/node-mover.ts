import { setTimeout as delay } from "node:timers/promises";
import { Node } from "../kubernetes/resources/index.ts";
import { announcerLabel, announcerOf, type Announcer } from "./announcer.ts";
import type { Installation } from "./installation.ts";
import type { Way } from "./look.ts";
import { nodePath, type Target } from "./node-path.ts";
import { missingAbsence, missingOfFairlead, seenOfMetallb, type Asked } from "./readiness.ts";
import { until, type Patience } from "./waiting.ts";

/** How long the metrics of a speaker that runs may be unreadable before that is taken as it is. */
const unreadableMs = 10_000;

export interface NodeMoverOptions extends Patience {
  /** After each step that brought something to the routers, for them to use it. */
  readonly settleMs: number;
}

/** Moves one node by its label, which both DaemonSets go by. */
export class NodeMover {
  readonly #asked: Asked;
  readonly #installation: Installation;
  readonly #say: (line: string) => void;
  readonly #options: NodeMoverOptions;

  constructor(asked: Asked, installation: Installation, say: (line: string) => void, options: NodeMoverOptions) {
    this.#asked = asked;
    this.#installation = installation;
    this.#say = say;
    this.#options = options;
  }

  /** Where the node is there already, this only sees that it is. */
  async move(object: Node, to: Target, way: Way): Promise<void> {
    const node = object.metadata.name;
    const from = announcerOf(object);
    for (const announcer of nodePath(from, to, way)) {
      if (announcer !== from) await this.#label(node, announcer);
      await this.#seen(node, announcer, to);
      if (from === to) return;
      this.#say(`${node}: ${told(announcer, to)}`);
      const { settleMs, signal } = this.#options;
      if (announcer !== "none") await delay(settleMs, undefined, { signal });
    }
  }

  async #label(node: string, announcer: Announcer): Promise<void> {
    const labels = { [announcerLabel]: announcer === "metallb" ? null : announcer };
    const { client, signal } = this.#asked;
    await client.patch(Node, { name: node }, { type: "merge", body: { metadata: { labels } } }, { signal });
  }

  /** What a label asks for has come about. */
  async #seen(node: string, announcer: Announcer, to: Target): Promise<void> {
    const { metallb, fairlead } = this.#installation;
    if (announcer === "none" || announcer === "fairlead") {
      await this.#until(`${node}: MetalLB is gone`, () => missingAbsence(this.#asked, metallb.speaker, node));
    }
    if (announcer === "none" || announcer === "metallb") {
      await this.#until(`${node}: Fairlead is gone`, () => missingAbsence(this.#asked, fairlead.agent, node));
    }
    // Who was there before need not be looked at.
    if (announcer === "none") return;
    if (to === "fairlead") {
      const missing = () => missingOfFairlead(this.#asked, fairlead.agent, node);
      await this.#until(`${node}: Fairlead announces`, missing);
    } else {
      await this.#metallbAnnounces(node);
    }
  }

  async #metallbAnnounces(node: string): Promise<void> {
    let unreadableSince: number | undefined;
    await this.#until(`${node}: MetalLB has its sessions`, async () => {
      const seen = await seenOfMetallb(this.#asked, this.#installation.metallb.speaker, node);
      if (seen === "established") return undefined;
      if ("missing" in seen) return seen.missing;
      unreadableSince ??= performance.now();
      if (performance.now() - unreadableSince < unreadableMs) return seen.unknown;
      this.#say(`${node}: MetalLB's speaker is ready; whether it has its sessions cannot be read: ${seen.unknown}`);
      return undefined;
    });
  }

  #until(what: string, missing: () => Promise<string | undefined>): Promise<void> {
    return until(what, missing, this.#options);
  }
}

function told(announcer: Announcer, to: Target): string {
  const [comer, goer] = to === "fairlead" ? ["Fairlead", "MetalLB"] : ["MetalLB", "Fairlead"];
  switch (announcer) {
    case "both":
      return `${comer} has its sessions, beside ${goer}`;
    case "none":
      return `${goer} is gone, and its routes with it`;
    case "fairlead":
    case "metallb":
      return `${comer} has its sessions, alone`;
  }
}
