import { notAcceptable, unsupportedMediaType } from "./status.ts";

/** How a client wants objects shown. */
export type Shape = "object" | "table" | "metadata";

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export const acceptedTypes = ["application/json"];

/** The first form in an Accept header that is spoken here. Throws 406, for example for Protocol Buffers alone. */
export function shapeOf(accept: string): Shape {
  const wanted = accept.trim() === "" ? ["*/*"] : accept.split(",");
  for (const each of wanted) {
    const { type, parameters } = parseMediaType(each);
    if (!["application/json", "application/*", "*/*"].includes(type)) continue;
    const as = parameters.get("as");
    if (as === undefined) return "object";
    if (parameters.get("g") !== "meta.k8s.io" || parameters.get("v") !== "v1") continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "metadata";
  }
  throw notAcceptable(acceptedTypes);
}

/** The bare media type of a Content-Type, `application/json` when there is none. */
export function bodyTypeOf(contentType: string): string {
  return contentType === "" ? "application/json" : parseMediaType(contentType).type;
}

export function requireType(contentType: string, accepted: readonly string[]): string {
  const type = bodyTypeOf(contentType);
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  return type;
}

export function parseMediaType(text: string): MediaType {
  const [type = "", ...rest] = text.split(";").map((each) => each.trim());
  const parameters = rest.map((each) => {
    const [key = "", value = ""] = each.split("=");
    return [key.trim().toLowerCase(), value.trim()] as const;
  });
  return { type: type.toLowerCase(), parameters: new Map(parameters) };
}
