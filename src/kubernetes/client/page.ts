import * as z from "zod";
import { describeProblems, UnreadableAnswer, type RequestSubject } from "./errors.ts";

const list = z.object({
  // Go writes an empty slice as null.
  items: z.array(z.unknown()).nullable(),
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
});

export interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  /** To be sent as `continue` for the page after this; empty on the last. */
  readonly next: string;
}

/** The frame of a list; what its items are is for their kind to say. */
export function readPage(raw: unknown, subject: RequestSubject): Page {
  const parsed = list.safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      field: path.map(String).join("."),
      value: undefined,
      expected: message,
    }));
    throw new UnreadableAnswer(subject, describeProblems(problems), problems);
  }
  const { items, metadata } = parsed.data;
  return { items: items ?? [], resourceVersion: metadata.resourceVersion, next: metadata.continue ?? "" };
}
