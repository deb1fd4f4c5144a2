import type { Kind } from "../../resources/index.ts";
import { parseBody, typed } from "../body.ts";
import { isObject, unsafeShape } from "../json.ts";
import { requireType } from "../media-type.ts";
import type { ApiObject } from "../object.ts";
import type { ApiRequest } from "../request.ts";
import { ApiError, badRequest, notFound } from "../status.ts";
import { JsonPatchError, jsonPatch, maxOperations } from "./json-patch.ts";
import { rulesOf } from "./list-rules.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMerge } from "./strategic-merge.ts";

const customTypes = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
const builtInTypes = [...customTypes, "application/strategic-merge-patch+json"];
export const applyType = "application/apply-patch+yaml";

/** What a PATCH (other than apply) makes of an object, by the body's media type. */
export function patchOf(request: ApiRequest, kind: Kind, name: string): (old: ApiObject | undefined) => ApiObject {
  const type = patchTypeOf(request, kind);
  const patch = parseBody(request.body, false);
  if (type === "application/json-patch+json") {
    if (!Array.isArray(patch)) throw badRequest("a JSON patch must be a list of operations");
    if (patch.length > maxOperations) {
      throw new ApiError(
        413,
        "RequestEntityTooLarge",
        `the allowed maximum operations in a JSON patch is ${maxOperations}`,
      );
    }
    return (old) => {
      if (old === undefined) throw notFound(kind, name);
      try {
        return whole(jsonPatch(old, patch), kind);
      } catch (error) {
        if (!(error instanceof JsonPatchError)) throw error;
        const message = "the server rejected our request due to an error in our request";
        throw new ApiError(422, "Invalid", message, {
          causes: [{ reason: "UnexpectedServerResponse", message: error.message }],
        });
      }
    };
  }
  if (!isObject(patch)) throw badRequest("a patch must be an object");
  return (old) => {
    if (old === undefined) throw notFound(kind, name);
    const merge = type === "application/merge-patch+json";
    return whole(merge ? mergePatch(old, patch) : strategicMerge(old, patch, rulesOf(kind)), kind);
  };
}

export function patchTypeOf({ contentType }: ApiRequest, kind: Kind): string {
  return requireType(contentType, kind.custom ? customTypes : builtInTypes);
}

function whole(value: unknown, kind: Kind): ApiObject {
  if (!isObject(value)) throw badRequest(`the patch leaves no ${kind.kind} object`);
  const unsafe = unsafeShape(value);
  if (unsafe !== undefined) throw badRequest(`the patched object: ${unsafe}`);
  return typed(value, kind);
}
