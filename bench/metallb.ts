import { build } from "../setup/build.ts";
import { metallbPrograms } from "../setup/metallb.ts";
import { measureBird } from "./metallb/bird.ts";
import { Comparison } from "./metallb/comparison.ts";
import { barePeer, fairleadPeer, metallbPeer } from "./metallb/peers.ts";
import { Stage } from "./metallb/stage.ts";
import { serviceNames, Turn, type Measured } from "./metallb/turn.ts";
import type { Benchmark } from "./report.ts";

/** Needs root, FRR, and Kubernetes' control plane (`npm run kubernetes`). Moves the process into the lab's network. */
export const metallb: Benchmark = {
  name: "metallb",
  about: "MetalLB and Fairlead by turns, on Kubernetes' own control plane, beside what the API server can do at most",
  async *run(signal, { quick, services, runs }) {
    await build();
    const programs = metallbPrograms();
    const counts = services ?? (quick ? [1_000] : [1_000, 5_000]);
    await using stage = await Stage.start(signal);
    const { cluster } = stage;
    const peers = [await barePeer(cluster), await metallbPeer(cluster, programs), await fairleadPeer(cluster)];
    const [node = ""] = stage.nodes;
    await stage.services.createEndpoints([...serviceNames(Math.max(...counts)), "single"], node);
    for (const count of counts) {
      const measured: Measured = {
        one: new Comparison(),
        many: new Comparison(),
        start: new Comparison(),
        cost: new Comparison(),
      };
      for (let run = 0; run < (runs ?? (quick ? 1 : 5)); run++) {
        await measureBird(stage, count, measured);
        for (const peer of peers) await new Turn(stage, peer, count, measured, signal).all();
        // An API server grows slower with all that it has gone through: each comes first, and last, once in three runs.
        peers.push(...peers.splice(0, 1));
      }
      yield measured.one.table("One Service, from its POST");
      yield measured.many.table(`${count} Services`);
      yield measured.start.table("From the start of an agent");
      yield measured.cost.table(`What it costs`);
    }
  },
};
