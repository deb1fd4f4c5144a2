/** One request of the load client, as it is written on a line of its own. Times are milliseconds since the epoch. */
export interface LoadRequest {
  readonly startMs: number;
  readonly endMs: number;
  /** The port that it was sent from: what the switch's hash sees of it. */
  readonly port: number;
  readonly outcome: Outcome;
}

export type Outcome = { readonly ok: true; readonly by: string } | { readonly ok: false; readonly error: string };

/** The lines of a client's output; the last one is left out while it is not complete. */
export function parseRequests(text: string): LoadRequest[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LoadRequest);
}
