import { build } from "../setup/build.ts";
import { compare } from "./metallb/comparison.ts";
import type { Figure } from "./metallb/figure.ts";
import { barePeer, fairleadPeer } from "./metallb/peers.ts";
import { Stage } from "./metallb/stage.ts";
import { serviceNames, Turn } from "./metallb/turn.ts";
import type { Benchmark } from "./report.ts";

/** Needs what `metallb` needs. How fast a shared machine is changes within minutes: these two are half a minute apart. */
export const atOnce: Benchmark = {
  name: "at-once",
  about: "Services created at once: Fairlead and the API server's bare writes, one right after the other",
  async *run(signal, { quick, services, runs }) {
    await build();
    const counts = services ?? (quick ? [1_000] : [1_000, 5_000]);
    await using stage = await Stage.start(signal);
    const bare = await barePeer(stage.cluster);
    const fairlead = await fairleadPeer(stage.cluster);
    const [node = ""] = stage.nodes;
    await stage.services.createEndpoints(serviceNames(Math.max(...counts)), node);
    for (const count of counts) {
      const figures: Figure[] = [];
      const measured = (figure: Figure) => void (figure.group === "start" || figures.push(figure));
      for (let run = 0; run < (runs ?? (quick ? 1 : 5)); run++) {
        for (const peer of run % 2 === 0 ? [bare, fairlead] : [fairlead, bare]) {
          await using turn = new Turn(stage, peer, count, measured, signal);
          await turn.atOnce();
        }
      }
      yield { title: `${count} Services at once`, measurements: compare(figures) };
    }
  },
};
