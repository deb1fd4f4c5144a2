import type { Kind } from "../../resources/index.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";
export function answerDiscovery(_request: ApiRequest, _kinds: readonly Kind[]): ApiResponse | undefined {
  return undefined;
}
