import { formatAddress } from "../net/index.ts";
import { assignedAddresses } from "../plan/index.ts";
import { readSnapshot, type WholeSnapshot } from "../snapshot/index.ts";
import type { Client } from "../kubernetes/client/index.ts";
import { AddressBlock, keyOf, Node, type Service } from "../kubernetes/resources/index.ts";
import { announcerLabel, announcerOf } from "./announcer.ts";
import { handOver } from "./handover.ts";
import {
  findInstallation,
  hindrances,
  isFor,
  loadBalancerClassOf,
  nameOf,
  portClash,
  type Installation,
} from "./installation.ts";
import { migrationOf, type Migration, type NodeMigration } from "./look.ts";
import { closeWebhooks, openWebhooks } from "./metallb-webhooks.ts";
import { MigrationError } from "./migration-error.ts";
import { NodeMover } from "./node-mover.ts";
import type { Target } from "./node-path.ts";
import type { Asked } from "./readiness.ts";
import { prepareSpeaker, restoreSpeaker } from "./speaker.ts";
import { unreadObjects } from "./unread-objects.ts";
import { until, type Patience } from "./waiting.ts";

export interface MoveOptions {
  readonly namespace: string;
  readonly to: Target;
  /** These nodes only; all when left out. On the way back the controllers stay as they are then. */
  readonly nodes?: readonly string[] | undefined;
  /** Also when Services would change their addresses, or objects would be without effect. */
  readonly acceptChanges: boolean;
  /** For one step. */
  readonly timeoutMs: number;
  /** After each step that brought something to the routers, for them to use it. */
  readonly settleMs: number;
}

/**
 * Moves a cluster from MetalLB to Fairlead, or back, by the Kubernetes API alone: the controllers first, so that there
 * are never two who give addresses, then node after node. Each step is waited for, and told by `say`. A move that was
 * interrupted goes on where it is: all that it knows is in the cluster. Throws a `MigrationError`.
 */
export async function move(
  { client, say }: { readonly client: Client; readonly say: (line: string) => void },
  options: MoveOptions,
  signal: AbortSignal,
): Promise<void> {
  const installation = await findInstallation(client, options.namespace, signal);
  if ("missing" in installation) throw hindered(installation.missing);
  await new Move(client, say, installation, options, signal).run();
}

class Move {
  readonly #client: Client;
  readonly #say: (line: string) => void;
  readonly #installation: Installation;
  readonly #options: MoveOptions;
  readonly #patience: Patience;
  readonly #asked: Asked;

  constructor(
    client: Client,
    say: (line: string) => void,
    installation: Installation,
    options: MoveOptions,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#say = say;
    this.#installation = installation;
    this.#options = options;
    this.#patience = { timeoutMs: options.timeoutMs, signal };
    const loadBalancerClass = loadBalancerClassOf(installation.fairlead.controller);
    this.#asked = { client, namespace: options.namespace, loadBalancerClass, signal };
  }

  async run(): Promise<void> {
    const { to, namespace } = this.#options;
    const { metallb, fairlead } = this.#installation;
    const before = await this.#snapshot();
    const look = migrationOf(before, await unreadObjects(this.#client, namespace));
    const nodes = this.#chosen(look);
    const against = [...hindrances(this.#installation), ...this.#clash(nodes)];
    if (to === "fairlead") against.push(...this.#changes(look));
    if (against.length > 0) throw hindered(against);
    if (to === "fairlead") {
      if (await prepareSpeaker(this.#client, metallb.speaker, this.#patience)) {
        this.#say(
          `${nameOf(metallb.speaker)} leaves nodes by their label ${announcerLabel}; none of its pods was restarted`,
        );
      }
      await this.#openWebhooks();
      await handOver(this.#client, { from: metallb.controller, to: fairlead.controller }, this.#say, this.#patience);
      await this.#adopted(look);
    } else if (this.#options.nodes === undefined) {
      const between = () => this.#forgetBlocks();
      const handover = { from: fairlead.controller, to: metallb.controller, between };
      await handOver(this.#client, handover, this.#say, this.#patience);
      await this.#closeWebhooks();
    }
    const left = await this.#moveNodes(nodes);
    if (to === "metallb" && left.length === 0 && this.#options.nodes === undefined) {
      await restoreSpeaker(this.#client, metallb.speaker, this.#patience);
      this.#say(`${nameOf(metallb.speaker)} is as it was; none of its pods was restarted`);
    }
    await this.#sameAddresses(before);
    if (left.length > 0) {
      throw new MigrationError(
        "migration.incomplete",
        `not moved: ${left.join("; ")}. Run the command again when they are ready`,
      );
    }
  }

  #snapshot(): Promise<WholeSnapshot> {
    const { client, namespace, loadBalancerClass, signal } = this.#asked;
    return readSnapshot(client, { namespace, loadBalancerClass }, signal);
  }

  #chosen(look: Migration): readonly NodeMigration[] {
    const wanted = this.#options.nodes;
    const unknown = wanted?.filter((name) => !look.nodes.some(({ node }) => node === name)) ?? [];
    if (unknown.length > 0) {
      const known = look.nodes.map(({ node }) => node).join(", ");
      throw hindered([`--node ${unknown.join(", ")}: there is no such Node; must be of ${known}`]);
    }
    return look.nodes.filter(({ node }) => wanted?.includes(node) ?? true);
  }

  #clash(nodes: readonly NodeMigration[]): string[] {
    const isOverlap = nodes.some(({ announcer, way }) => announcer !== this.#options.to && way === "overlap");
    const clash = isOverlap ? portClash(this.#installation) : undefined;
    return clash === undefined ? [] : [clash];
  }

  #changes({ problems, changing, unread, unequal }: Migration): string[] {
    if (this.#options.acceptChanges) return [...problems];
    const advice = "mend it, or accept it by --accept-changes";
    return [
      ...problems,
      // One that has no address yet has none to lose.
      ...changing
        .filter(({ before }) => before.length > 0)
        .map(
          ({ service, before, after }) =>
            `Service ${service}: has ${before.join(", ") || "no address"}, would have ${after.join(", ") || "none"}; ${advice}`,
        ),
      ...unread.map((each) => `${each}; ${advice}`),
      ...unequal.map((each) => `${each}; ${advice}`),
    ];
  }

  async #openWebhooks(): Promise<void> {
    for (const name of await openWebhooks(this.#client, this.#options.namespace, this.#asked.signal)) {
      this.#say(
        `ValidatingWebhookConfiguration ${name}: failurePolicy is Ignore: pools and peers can be changed without MetalLB's controller`,
      );
    }
  }

  async #closeWebhooks(): Promise<void> {
    for (const name of await closeWebhooks(this.#client, this.#options.namespace, this.#asked.signal)) {
      this.#say(`ValidatingWebhookConfiguration ${name}: failurePolicy is Fail again`);
    }
  }

  /**
   * As soon as another gives addresses, what Fairlead has written down is not true any more, and on a later way to
   * Fairlead it would speak against what Services have. Without it these are taken over, as at the first time.
   */
  async #forgetBlocks(): Promise<void> {
    const { items } = await this.#client.list(AddressBlock, { signal: this.#asked.signal });
    for (const { metadata } of items) await this.#client.delete(AddressBlock, metadata, { signal: this.#asked.signal });
    if (items.length > 0) this.#say(`AddressBlocks deleted, for MetalLB does not keep them: ${items.length}`);
  }

  /** Fairlead has written down whose the addresses are. */
  async #adopted({ changing }: Migration): Promise<void> {
    const excepted = new Set(changing.map(({ service }) => service));
    let count = 0;
    const missing = async () => {
      const { snapshot, services } = await this.#snapshot();
      const held = new Set([...snapshot.held].map(({ service, address }) => `${service} ${formatAddress(address)}`));
      const wanted = services
        .filter(({ spec }) => spec.type === "LoadBalancer" && spec.loadBalancerClass === snapshot.loadBalancerClass)
        .filter((each) => !excepted.has(keyOf(each)))
        .flatMap((each) => assignedAddresses(each).map((address) => `${keyOf(each)} ${formatAddress(address)}`));
      count = wanted.length;
      const first = wanted.find((each) => !held.has(each));
      return first && `no AddressBlock says that it is so: Service ${first}`;
    };
    await until("Fairlead's controller takes over the addresses", missing, this.#patience);
    this.#say(`Addresses taken over: ${count}`);
  }

  /** Resolves with what speaks against the nodes that were left. */
  async #moveNodes(nodes: readonly NodeMigration[]): Promise<readonly string[]> {
    const { to, settleMs } = this.#options;
    const { client, signal } = this.#asked;
    const { agent } = this.#installation.fairlead;
    const mover = new NodeMover(this.#asked, this.#installation, this.#say, { ...this.#patience, settleMs });
    const left: string[] = [];
    for (const { node, way } of nodes) {
      const object = await client.get(Node, { name: node }, { signal });
      if (!isFor(agent, object)) {
        if (to === "fairlead") left.push(`Node ${node} has not the labels that ${nameOf(agent)} asks for`);
      } else if (!isReady(object)) {
        if (announcerOf(object) !== to) left.push(`Node ${node} is not Ready`);
      } else {
        await mover.move(object, to, way);
      }
    }
    return left;
  }

  async #sameAddresses(before: WholeSnapshot): Promise<void> {
    const after = new Map((await this.#snapshot()).services.map((each) => [each.metadata.uid, each]));
    const text = (service: Service) => assignedAddresses(service).map(formatAddress).join(", ");
    const had = before.services.filter((each) => assignedAddresses(each).length > 0);
    const others = had.flatMap((each) => {
      const now = after.get(each.metadata.uid);
      return now === undefined || text(now) === text(each)
        ? []
        : [`Service ${keyOf(each)} had ${text(each)}, and has ${text(now) || "none"}`];
    });
    if (others.length > 0 && !this.#options.acceptChanges) {
      throw new MigrationError("migration.addresses", `addresses have changed: ${others.join("; ")}`);
    }
    this.#say(`Services that have the addresses that they had: ${had.length - others.length} of ${had.length}`);
  }
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
}

function hindered(why: readonly string[]): MigrationError {
  return new MigrationError("migration.hindered", `nothing was moved:\n  ${why.join("\n  ")}`);
}
