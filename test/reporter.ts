// The last line of a test run: what was counted, in a form that a machine can read too.
import type { TestEvent } from "node:test/reporters";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A reporter of node:test that prints nothing but `N passed, N failed, N skipped`; suites are not counted, only tests. */
export default async function* closingLine(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const event of events) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    if (event.data.details.type === "suite") continue;
    if (event.type === "test:fail") counts.failed += 1;
    else if (event.data.skip !== undefined) counts.skipped += 1;
    else counts.passed += 1;
  }
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}
