import type { Node } from "../../kubernetes/resources/index.ts";

/** Another node that does not answer any more, as this node sees it. */
export interface DeadNode {
  readonly name: string;
  readonly since: Date;
}

/** How this node sees the others. */
export interface NodesInSight {
  /** How many are watched. */
  readonly watched: number;
  /** Of these, how many answer now. */
  readonly answering: number;
  readonly dead: readonly DeadNode[];
}

/**
 * Which other nodes are dead, known sooner than by Kubernetes. The word may only remove candidates, never add one: who
 * hears it leaves a node out, and takes back no node that somebody else calls dead.
 *
 * A port as narrow as this, so that another protocol can take the place of the one behind it.
 */
export interface Liveness {
  /** All Nodes that there are now. */
  setNodes(nodes: Iterable<Node>): void;
  readonly inSight: NodesInSight;
  /** Told of the names of all that are dead, each time that they or the number of those that answer change. */
  onChange(listener: (dead: ReadonlySet<string>) => void): () => void;
  stop(): Promise<void>;
}
