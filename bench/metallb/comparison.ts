import type { Measurement } from "../measurement.ts";
import type { Table } from "../report.ts";
import type { Peer } from "./peers.ts";

/** Who is compared: the peers, and what BGP can do by itself. */
type Name = Peer["name"] | "BIRD";

interface Compared {
  readonly unit: string;
  readonly runs: Map<Name, number[]>;
}

const order: readonly Name[] = ["bare writes", "BIRD", "MetalLB", "Fairlead"];

/** Gathers what was measured of each peer, run by run, and sets it side by side with what it is to the others'. */
export class Comparison {
  readonly #compared = new Map<string, Compared>();

  add(what: string, unit: string, peer: Name, value: number): void {
    const compared = this.#compared.get(what) ?? { unit, runs: new Map() };
    this.#compared.set(what, compared);
    compared.runs.set(peer, [...(compared.runs.get(peer) ?? []), value]);
  }

  table(title: string): Table {
    return { title, measurements: [...this.#compared].flatMap(([what, compared]) => measurementsOf(what, compared)) };
  }
}

function measurementsOf(what: string, { unit, runs }: Compared): Measurement[] {
  const told = order.flatMap((peer) => {
    const values = runs.get(peer);
    return values === undefined ? [] : [{ name: `${what}: ${peer}`, unit, runs: values }];
  });
  const bare = runs.get("bare writes");
  const metallb = runs.get("MetalLB");
  const fairlead = runs.get("Fairlead");
  if (fairlead === undefined) return told;
  const ratios: Measurement[] = [];
  const bird = runs.get("BIRD");
  if (bird !== undefined) ratios.push({ name: `${what}: Fairlead to BIRD`, unit: "×", runs: ratio(fairlead, bird) });
  if (bare !== undefined)
    ratios.push({ name: `${what}: Fairlead to the bare writes`, unit: "×", runs: ratio(fairlead, bare) });
  if (metallb !== undefined)
    ratios.push({ name: `${what}: Fairlead to MetalLB`, unit: "×", runs: ratio(fairlead, metallb) });
  if (bare !== undefined && metallb !== undefined && what.includes("processor")) {
    const beyond = (values: readonly number[]) => values.map((value, run) => value - (bare[run] ?? Number.NaN));
    ratios.push({
      name: `${what}: Fairlead to MetalLB, beyond the bare writes`,
      unit: "×",
      runs: ratio(beyond(fairlead), beyond(metallb)),
    });
  }
  return [...told, ...ratios.filter((each) => each.runs.length > 0)];
}

/** Run by run: those of one turn had the machine in about the same state. */
function ratio(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.flatMap((value, run) => {
    const other = theirs[run];
    return other === undefined || other === 0 ? [] : [value / other];
  });
}
