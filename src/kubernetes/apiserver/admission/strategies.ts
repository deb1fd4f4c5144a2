import type { Kind } from "../../resources/index.ts";
import type { Strategy } from "./strategy.ts";
export function strategyOf(_kind: Kind): Strategy {
  return {};
}
