// Preloaded into a process whose clock is to be off: FAIRLEAD_TEST_CLOCK_MS says by how much.
const offMs = Number(process.env["FAIRLEAD_TEST_CLOCK_MS"]);
const Real = Date;

globalThis.Date = class extends Real {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(Real.now() + offMs);
    // Whatever a date is made of, it is made of in the same way.
    else super(...(args as [number]));
  }

  static override now(): number {
    return Real.now() + offMs;
  }
} as DateConstructor;
