import { build } from "../setup/build.ts";
import { metallbPrograms } from "../setup/metallb.ts";
import { measureBird } from "./metallb/bird.ts";
import { compare } from "./metallb/comparison.ts";
import type { Figure } from "./metallb/figure.ts";
import { KeptTurns } from "./metallb/kept-turns.ts";
import { barePeer, fairleadPeer, metallbPeer } from "./metallb/peers.ts";
import { Stage } from "./metallb/stage.ts";
import { serviceNames, Turn } from "./metallb/turn.ts";
import type { Benchmark, Table } from "./report.ts";

/** Needs root, FRR, and Kubernetes' control plane (`npm run kubernetes`). Moves the process into the lab's network. */
export const metallb: Benchmark = {
  name: "metallb",
  about: "MetalLB and Fairlead by turns, on Kubernetes' own control plane, beside what the API server can do at most",
  async *run(signal, { quick, services, runs, keep }) {
    await build();
    const programs = metallbPrograms();
    const turns = await KeptTurns.open(keep);
    const counts = services ?? (quick ? [1_000] : [1_000, 5_000]);
    await using stage = await Stage.start(signal);
    const { cluster } = stage;
    const peers = [await barePeer(cluster), await metallbPeer(cluster, programs), await fairleadPeer(cluster)];
    const [node = ""] = stage.nodes;
    await stage.services.createEndpoints([...serviceNames(Math.max(...counts)), "single"], node);
    for (const count of counts) {
      for (let turn = turns.with(count).length; turn < (runs ?? (quick ? 1 : 5)); turn++) {
        const figures: Figure[] = [];
        const measured = (figure: Figure) => void figures.push(figure);
        await measureBird(stage, count, measured);
        // An API server grows slower with all that it has gone through: each comes first, and last, once in three turns.
        const first = turn % peers.length;
        for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
          await using once = new Turn(stage, peer, count, measured, signal);
          await once.all();
        }
        await turns.add(count, figures);
      }
      yield* tablesOf(count, turns.with(count).flat());
    }
  },
};

function tablesOf(count: number, figures: readonly Figure[]): Table[] {
  const titles = {
    one: "One Service, from its POST",
    many: `${count} Services`,
    start: "From the start of an agent",
    cost: "What it costs",
  };
  return Object.entries(titles).map(([group, title]) => ({
    title,
    measurements: compare(figures.filter((figure) => figure.group === group)),
  }));
}
