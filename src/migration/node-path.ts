import type { Announcer } from "./announcer.ts";
import type { Way } from "./look.ts";

/** Who is to announce. */
export type Target = "fairlead" | "metallb";

/**
 * What a node's label is to say, one after the other, beginning with what it says. Each is waited for before the next,
 * also the first: whoever was here before may not have seen it come about.
 */
export function nodePath(from: Announcer, to: Target, way: Way): readonly Announcer[] {
  if (from === to) return [to];
  if (from === "both" || from === "none") return [from, to];
  return [way === "overlap" ? "both" : "none", to];
}
