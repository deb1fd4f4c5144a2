import type { Member } from "./members.ts";

/** What the path to another node was last seen to do; nothing is known of one that was never up. */
type Sight =
  | { readonly path: "up"; readonly incarnation: string }
  | { readonly path: "failed"; readonly incarnation: string; readonly since: Date };

/** Judges from the paths to the other nodes which of them are dead. */
export class Verdict {
  #members: ReadonlyMap<string, Member> = new Map();
  readonly #sights = new Map<string, Sight>();

  /**
   * All other nodes. Of one that is gone, what was seen is forgotten; so is the death of one that has begun anew. But a path
   * that is up is up whatever the API calls its other end, and often it is so before the API has heard of the new beginning.
   */
  setMembers(members: readonly Member[]): void {
    this.#members = new Map(members.map((member) => [member.name, member]));
    for (const [name, sight] of this.#sights) {
      const incarnation = this.#members.get(name)?.incarnation;
      if (incarnation === sight.incarnation) continue;
      if (incarnation !== undefined && sight.path === "up") this.#sights.set(name, { ...sight, incarnation });
      else this.#sights.delete(name);
    }
  }

  isUp(name: string): void {
    const member = this.#members.get(name);
    if (member !== undefined) this.#sights.set(name, { path: "up", incarnation: member.incarnation });
  }

  /** The path was up and has failed. One that was never up tells nothing: no agent may run there. */
  hasFailed(name: string, since: Date): void {
    const sight = this.#sights.get(name);
    if (sight?.path === "up") this.#sights.set(name, { ...sight, path: "failed", since });
  }

  /** One side has ended the session by intent: nothing is known of the other from now on. */
  hasLeft(name: string): void {
    if (this.#sights.get(name)?.path === "up") this.#sights.delete(name);
  }

  get answering(): number {
    return [...this.#sights.values()].filter(({ path }) => path === "up").length;
  }

  /** Those that are dead: none at all where this node seems to be the one that is cut off. */
  get dead(): readonly { readonly name: string; readonly since: Date }[] {
    const failed = [...this.#sights].flatMap(([name, sight]) =>
      sight.path === "failed" ? [{ name, since: sight.since }] : [],
    );
    return this.#isIsolated(failed.map(({ name }) => name)) ? [] : failed;
  }

  /**
   * Most of the others at once are rarely dead. Those that Kubernetes knows to be dead count on neither side, so that a
   * cluster of which half is switched off can still see the next one die. Of two nodes each loses sight of one other
   * alone: leaving it out then costs nothing, for an isolated node reaches nobody but itself.
   */
  #isIsolated(failed: readonly string[]): boolean {
    const counts = (name: string) => this.#members.get(name)?.isReady === true;
    const silent = failed.filter(counts).length;
    return silent > 1 && silent > [...this.#sights.keys()].filter(counts).length / 2;
  }
}
