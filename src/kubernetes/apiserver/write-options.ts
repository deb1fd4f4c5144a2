import { booleanOf, type ApiRequest } from "./request.ts";
import { ApiError, badRequest } from "./status.ts";

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  /** What becomes of fields that the kind does not have. */
  readonly fieldValidation: "Ignore" | "Warn" | "Strict";
  readonly force: boolean;
}

export function writeOptionsOf({ query, userAgent }: ApiRequest): WriteOptions {
  const dryRun = query.getAll("dryRun");
  if (dryRun.some((each) => each !== "All")) {
    throw new ApiError(
      422,
      "Invalid",
      ` "" is invalid: dryRun: Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`,
    );
  }
  const fieldValidation = query.get("fieldValidation") ?? "";
  if (!["", "Ignore", "Warn", "Strict"].includes(fieldValidation)) {
    throw badRequest(`fieldValidation: ${JSON.stringify(fieldValidation)} is none of "Ignore", "Strict", "Warn"`);
  }
  return {
    dryRun: dryRun.length > 0,
    // As a real server: the program's name from the user agent, up to its first slash.
    fieldManager: (query.get("fieldManager") || userAgent.split("/")[0] || "unknown").slice(0, 128),
    fieldValidation: fieldValidation === "Ignore" || fieldValidation === "Strict" ? fieldValidation : "Warn",
    force: booleanOf(query, "force"),
  };
}
