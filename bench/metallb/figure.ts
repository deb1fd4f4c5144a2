import * as z from "zod";

/** Who is compared: the peers, and what BGP can do by itself. The order is that of a table's rows. */
export const names = ["bare writes", "BIRD", "MetalLB", "Fairlead"] as const;

export type Name = (typeof names)[number];

/** One thing that was measured of one of them, once. */
export const figureSchema = z.object({
  /** Which table it goes into. */
  group: z.enum(["one", "many", "start", "cost"]),
  what: z.string(),
  unit: z.string(),
  name: z.enum(names),
  value: z.number(),
});

export type Figure = Readonly<z.infer<typeof figureSchema>>;
