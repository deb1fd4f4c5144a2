import type { Measurement } from "../measurement.ts";
import { names, type Figure, type Name } from "./figure.ts";

interface Compared {
  readonly unit: string;
  readonly runs: Map<Name, number[]>;
}

/** What was measured of each, run by run, side by side with what it is to the others'. */
export function compare(figures: Iterable<Figure>): Measurement[] {
  const all = new Map<string, Compared>();
  for (const { what, unit, name, value } of figures) {
    const compared = all.get(what) ?? { unit, runs: new Map() };
    all.set(what, compared);
    compared.runs.set(name, [...(compared.runs.get(name) ?? []), value]);
  }
  return [...all].flatMap(([what, compared]) => measurementsOf(what, compared));
}

function measurementsOf(what: string, { unit, runs }: Compared): Measurement[] {
  const told = names.flatMap((peer) => {
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
