import assert from "node:assert/strict";
import { test } from "node:test";
import { steadyDates } from "./steady-dates.ts";

test("a moment has one date, though the clocks tell fractions of milliseconds apart", () => {
  let passedMs = 0;
  const dateOf = steadyDates({ now: () => passedMs }, () => Math.floor(1_000_000.6 + passedMs));
  const dates = new Set<number>();
  for (; passedMs < 1_000; passedMs += 0.3) dates.add(dateOf(500.5).getTime());
  assert.equal(dates.size, 1);
});

test("where the machine's clock is set, dates follow it", () => {
  let wallMs = 1_000;
  const dateOf = steadyDates({ now: () => 0 }, () => wallMs);
  assert.equal(dateOf(5).getTime(), 1_005);
  wallMs = 3_600_000;
  assert.equal(dateOf(5).getTime(), 3_600_005);
});
