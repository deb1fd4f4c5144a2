import { parseObjectBody } from "./body.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { badRequest, methodNotAllowed } from "./status.ts";

/** Questions that are asked by creating an object that is never stored, each with its answer. */
const answers: Readonly<Record<string, (request: ApiRequest) => JsonObject>> = {
  // There are no rights here: who is known may do all.
  "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": () => ({
    allowed: true,
    reason: "the embedded API server lets everybody whom it knows do everything",
  }),
  "/apis/authentication.k8s.io/v1/selfsubjectreviews": ({ user }) => ({
    userInfo: { username: user.name, groups: [...user.groups] },
  }),
};

/** May I, and who am I: `kubectl auth can-i` and `kubectl auth whoami`. Nothing when the path is another. */
export function answerReview(request: ApiRequest): ApiResponse | undefined {
  const answer = answers[request.path];
  if (answer === undefined) return undefined;
  if (request.method !== "POST") throw methodNotAllowed();
  const body = parseObjectBody(request);
  if (!isObject(body)) throw badRequest("the body of the request must be an object");
  const reviewed = { ...body, status: answer(request) };
  return { code: 201, contentType: "application/json", body: JSON.stringify(reviewed) };
}
