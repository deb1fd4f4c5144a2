/**
 * How many times as long as usual the lab waits, for slow machines: emulated ones, say. What is measured in a lab that
 * must be so patient is worth nothing; what is seen in it is.
 */
export const patience = Number(process.env["FAIRLEAD_LAB_PATIENCE"] ?? 1);
