// MetalLB itself, for the benchmark that measures it beside Fairlead: built from its Go module, once.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { goPrograms } from "./kubernetes/go-programs.ts";

/** The newest that is built by `go install`: later ones have a go.mod that replaces modules. */
const version = "0.13.12";
const packages = ["go.universe.tf/metallb/controller", "go.universe.tf/metallb/speaker"];

export interface MetallbPrograms {
  readonly controller: string;
  readonly speaker: string;
  /** What the programs are called in a table. */
  readonly version: string;
}

/** Builds what is missing. `METALLB_CONTROLLER` and `METALLB_SPEAKER` name programs to use instead. */
export function metallbPrograms(): MetallbPrograms {
  const given = { controller: process.env["METALLB_CONTROLLER"], speaker: process.env["METALLB_SPEAKER"] };
  if (given.controller !== undefined && given.speaker !== undefined) {
    for (const path of [given.controller, given.speaker]) if (!existsSync(path)) throw new Error(`there is no ${path}`);
    return { controller: given.controller, speaker: given.speaker, version: "as given" };
  }
  const cost = "about two minutes of processor time";
  const folder = goPrograms({ name: "metallb", version, packages, cost });
  return {
    controller: given.controller ?? join(folder, "controller"),
    speaker: given.speaker ?? join(folder, "speaker"),
    version,
  };
}
