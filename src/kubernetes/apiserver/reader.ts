import { apiVersionOf } from "../resources/index.ts";
import type { JsonObject } from "./json.ts";
import { parseStored, resourceKey } from "./object.ts";
import { numberOf, type Target } from "./request.ts";
import { selectionOf } from "./selectors/selection.ts";
import { ApiError, badRequest, expired, notFound, tooLargeResourceVersion } from "./status.ts";
import type { Place, Store, StoredObject } from "./store/store.ts";
import { keyOf } from "./versions.ts";

/** A list as texts, so that what was stored is sent as it stands. */
export interface ObjectList {
  readonly metadata: JsonObject;
  readonly texts: readonly string[];
}

/** Answers get and list from the store. */
export class Reader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get({ kind, namespace, name = "" }: Target, query: URLSearchParams): string {
    this.#checkRevision(query);
    const stored = this.#store.get(keyOf(kind, namespace ?? "", name));
    if (stored === undefined) throw notFound(kind, name);
    return stored.text;
  }

  list({ kind, namespace }: Target, query: URLSearchParams): ObjectList {
    const select = selectionOf(query, kind);
    const limit = numberOf(query, "limit") ?? 0;
    const from = this.#start(query, limit);
    const resource = resourceKey(kind);
    // What a selector leaves out does not count, so how many are to be read is not known before.
    const page = { after: from.after, limit: limit > 0 && select === undefined ? limit + 1 : undefined };
    const texts: string[] = [];
    let last: StoredObject | undefined;
    for (const each of this.#store.listAt(resource, namespace, from.revision, page)) {
      if (select !== undefined && !select(parseStored(each.text))) continue;
      if (last !== undefined && limit > 0 && texts.length === limit) {
        const exact = select === undefined && from.revision === this.#store.revision;
        const remaining = exact ? this.#store.count(resource, namespace, last) : undefined;
        return { metadata: more(from.revision, last, remaining), texts };
      }
      texts.push(each.text);
      last = each;
    }
    return { metadata: { resourceVersion: String(from.revision) }, texts };
  }

  /** The version that a list shows, and after which object it goes on. */
  #start(query: URLSearchParams, limit: number): { revision: number; after?: Place } {
    const match = query.get("resourceVersionMatch") ?? "";
    const token = query.get("continue") ?? "";
    const asked = this.#checkRevision(query);
    if (!["", "Exact", "NotOlderThan"].includes(match)) throw wrongMatch(`Unsupported value: ${JSON.stringify(match)}`);
    if (match !== "" && token !== "")
      throw wrongMatch("Forbidden: resourceVersionMatch is forbidden for a continued list");
    if (match !== "" && asked === undefined) {
      throw wrongMatch("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    if (token !== "") return this.#continued(token, asked);
    if (asked === 0 && match === "Exact") {
      throw wrongMatch('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
    // A limit with a version and no match is exact, as in Kubernetes' own table of list semantics.
    const exact = match === "Exact" || (match === "" && limit > 0);
    if (asked === undefined || asked === 0 || !exact) return { revision: this.#store.revision };
    if (asked < this.#store.compacted) throw expired("The resourceVersion for the provided list is too old.");
    return { revision: asked };
  }

  #continued(token: string, asked: number | undefined): { revision: number; after: Place } {
    if (asked !== undefined && asked !== 0) {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    const text = Buffer.from(token, "base64url").toString("utf8");
    const [, revision, namespace = "", name] = /^([0-9]{1,15}) ([^/]*)\/(.+)$/s.exec(text) ?? [];
    if (revision === undefined || name === undefined || Number(revision) > this.#store.revision) {
      throw badRequest("continue key is not valid");
    }
    if (Number(revision) < this.#store.compacted) {
      throw expired(
        "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
      );
    }
    return { revision: Number(revision), after: { namespace, name } };
  }

  #checkRevision(query: URLSearchParams): number | undefined {
    const asked = numberOf(query, "resourceVersion");
    if (asked !== undefined && asked > this.#store.revision) {
      throw tooLargeResourceVersion(asked, this.#store.revision);
    }
    return asked;
  }
}

/** The text of a whole list; `kind` is that of its items. */
export function listText(kind: Target["kind"], { metadata, texts }: ObjectList): string {
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata });
  return `${head.slice(0, -1)},"items":[${texts.join(",")}]}`;
}

/** How a list goes on: the token says the revision and the last place. */
function more(revision: number, last: Place, remaining: number | undefined): JsonObject {
  return {
    resourceVersion: String(revision),
    continue: Buffer.from(`${revision} ${last.namespace}/${last.name}`).toString("base64url"),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
}

function wrongMatch(problem: string): ApiError {
  return new ApiError(422, "Invalid", ` "" is invalid: resourceVersionMatch: ${problem}`);
}
