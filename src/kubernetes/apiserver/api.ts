import type { Kind } from "../resources/index.ts";
import type { StrategyOf } from "./admission/strategy.ts";
import { applyOf } from "./apply/apply.ts";
import { objectOf, optionsOf } from "./body.ts";
import { Deleter, deleteOptionsOf, type Deleted } from "./deleter.ts";
import { answerDiscovery } from "./discovery/discovery.ts";
import type { JsonObject } from "./json.ts";
import { shapeOf } from "./media-type.ts";
import { namespaceOf, uidOf, type ApiObject } from "./object.ts";
import { applyType, patchOf, patchTypeOf } from "./patch/patch.ts";
import { Reader } from "./reader.ts";
import { booleanOf, targetOf, type ApiRequest, type ApiResponse, type Target } from "./request.ts";
import { showList, showObject, watchShow } from "./show.ts";
import { badRequest, methodNotAllowed, notImplemented, pathNotFound } from "./status.ts";
import type { Store } from "./store/store.ts";
import { answerReview } from "./reviews.ts";
import { handleSubresource, type Subresources, type TokenIssuer } from "./subresources.ts";
import { Watches, type WatchSink } from "./watch.ts";
import { writeOptionsOf } from "./write-options.ts";
import { Writer, type Written } from "./writer.ts";

/** Opens the stream of a watch, once it is certain that there will be one; `onClose` is called when the client goes. */
export type OpenStream = (onClose: () => void) => WatchSink;

const json = "application/json";

/** What Kubernetes has beyond what is served here and what may be ignored. */
const undoneParameters = ["ignoreStoreReadErrorWithClusterBreakingPotential", "shardSelector"];

/** Everything behind authentication: one request in, one response out, or a watch's stream. */
export class Api {
  readonly #store: Store;
  readonly #kinds: readonly Kind[];
  readonly #strategyOf: StrategyOf;
  readonly #reader: Reader;
  readonly #subresources: Subresources;
  readonly #watches: Watches;
  readonly writer: Writer;
  readonly deleter: Deleter;

  constructor(store: Store, kinds: readonly Kind[], strategyOf: StrategyOf, tokens: TokenIssuer) {
    this.#store = store;
    this.#kinds = kinds;
    this.#strategyOf = strategyOf;
    this.#reader = new Reader(store);
    this.#watches = new Watches(store);
    this.writer = new Writer(store, strategyOf);
    this.deleter = new Deleter(store, strategyOf);
    this.#subresources = { writer: this.writer, deleter: this.deleter, reader: this.#reader, tokens };
  }

  /** The response, or nothing when the request became a watch. Throws an `ApiError` for what is refused. */
  async handle(request: ApiRequest, open: OpenStream): Promise<ApiResponse | undefined> {
    const undone = undoneParameters.find((each) => request.query.has(each));
    if (undone !== undefined) throw notImplemented(`the query parameter ${undone}`);
    const discovered = answerDiscovery(request, this.#kinds);
    if (discovered !== undefined) return discovered;
    const reviewed = answerReview(request);
    if (reviewed !== undefined) return reviewed;
    const target = targetOf(request.path, this.#kinds);
    if (target === undefined) throw unserved(request.path);
    if (target.subresource !== undefined && target.subresource !== "status") {
      return handleSubresource(request, target, this.#subresources);
    }
    if (target.subresource === "status" && !target.kind.statusSubresource) throw pathNotFound();
    if (request.method === "GET" && (target.name === undefined || booleanOf(request.query, "watch"))) {
      return booleanOf(request.query, "watch") ? this.#watch(request, target, open) : this.#list(request, target);
    }
    return target.name === undefined ? this.#collection(request, target) : this.#object(request, target, target.name);
  }

  #list(request: ApiRequest, target: Target): ApiResponse {
    const list = this.#reader.list(target, request.query);
    return { code: 200, contentType: json, body: showList(target.kind, list, shapeOf(request.accept), request.query) };
  }

  #watch(request: ApiRequest, target: Target, open: OpenStream): undefined {
    const show = watchShow(target.kind, shapeOf(request.accept), request.query);
    let stop: (() => void) | undefined;
    let gone = false;
    let sink: WatchSink | undefined;
    // The stream opens with the first event, so that a request that is wrong still gets a status of its own.
    const opened = () =>
      (sink ??= open(() => {
        gone = true;
        stop?.();
      }));
    stop = this.#watches.start(target, request.query, show, {
      send: (line) => !gone && opened().send(line),
      end: () => opened().end(),
    });
    opened();
    return undefined;
  }

  async #collection(request: ApiRequest, target: Target): Promise<ApiResponse> {
    const { kind, namespace = "" } = target;
    switch (request.method) {
      case "POST": {
        if (kind.namespaced && namespace === "") throw methodNotAllowed();
        const object = objectOf(request, kind);
        requireNamespaceOf(object, kind, namespace);
        return written(kind, request, await this.writer.create({ kind, namespace }, object, writeOptionsOf(request)));
      }
      case "DELETE":
        return this.#deleteCollection(request, target);
      default:
        throw methodNotAllowed();
    }
  }

  async #object(request: ApiRequest, target: Target, name: string): Promise<ApiResponse> {
    const { kind, namespace = "" } = target;
    const subresource = target.subresource === "status" ? ("status" as const) : undefined;
    switch (request.method) {
      case "GET": {
        const text = this.#reader.get(target, request.query);
        return { code: 200, contentType: json, body: showObject(kind, text, shapeOf(request.accept), request.query) };
      }
      case "PUT": {
        const object = objectOf(request, kind);
        const update = { kind, namespace, name, subresource, replaces: true, transform: () => object } as const;
        return written(kind, request, await this.writer.update(update, writeOptionsOf(request)));
      }
      case "PATCH": {
        const options = writeOptionsOf(request);
        const applies = patchTypeOf(request, kind) === applyType;
        if (options.force && !applies) throw badRequest("force: may not be specified for non-apply patch");
        const asked = {
          kind,
          name,
          subresource: subresource ?? ("" as const),
          fieldManager: request.query.get("fieldManager") ?? "",
          force: options.force,
        };
        const transform = applies ? applyOf(request, asked) : patchOf(request, kind, name);
        const update = { kind, namespace, name, subresource, replaces: false, applies, transform } as const;
        return written(kind, request, await this.writer.update(update, options));
      }
      case "DELETE": {
        if (subresource !== undefined) throw methodNotAllowed();
        const options = deleteOptionsOf(request.query, optionsOf(request));
        return this.#deleted(kind, request, await this.deleter.delete({ kind, namespace, name }, options));
      }
      default:
        throw methodNotAllowed();
    }
  }

  #deleted(kind: Kind, request: ApiRequest, { object, text, gone }: Deleted): ApiResponse {
    if (!gone || this.#strategyOf(kind).returnsDeleted === true) {
      return { code: 200, contentType: json, body: showObject(kind, text, shapeOf(request.accept), request.query) };
    }
    const details: JsonObject = { name: object.metadata.name, kind: kind.plural, uid: uidOf(object) };
    if (kind.group !== "") details["group"] = kind.group;
    const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
    return { code: 200, contentType: json, body: JSON.stringify(status) };
  }

  /** One transaction for all: a collection is deleted whole or not at all. */
  async #deleteCollection(request: ApiRequest, target: Target): Promise<ApiResponse> {
    const { kind } = target;
    if (kind.namespaced && target.namespace === undefined) throw methodNotAllowed();
    const options = deleteOptionsOf(request.query, optionsOf(request));
    const list = await this.#store.write((transaction) => {
      const { metadata, texts } = this.#reader.list(target, request.query);
      const deleted = texts.map((text) => {
        const object = JSON.parse(text) as ApiObject;
        const place = { kind, namespace: namespaceOf(object), name: object.metadata.name };
        return this.deleter.deleteIn(transaction, place, options).text;
      });
      return { metadata, texts: deleted };
    }, options.dryRun);
    return { code: 200, contentType: json, body: showList(kind, list, shapeOf(request.accept), request.query) };
  }
}

function written(kind: Kind, request: ApiRequest, { text, created, warnings }: Written): ApiResponse {
  const body = showObject(kind, text, shapeOf(request.accept), request.query);
  return { code: created ? 201 : 200, contentType: json, body, warnings };
}

function requireNamespaceOf(object: ApiObject, kind: Kind, namespace: string): void {
  const given = namespaceOf(object);
  if (given === "" || given === namespace || !kind.namespaced) return;
  throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

/** A path of Kubernetes that has no kind here is named as undone; any other does not exist. */
function unserved(path: string): Error {
  const [, root, group = "", version, ...rest] = path.split("/");
  const resource = rest[0] === "namespaces" && rest.length > 2 ? rest[2] : rest[0];
  if (root === "apis" && version !== undefined && resource !== undefined && isOfKubernetes(group)) {
    return notImplemented(`the resource ${resource} of ${group}/${version}`);
  }
  if (root === "api" && group === "v1" && version !== undefined) {
    return notImplemented(`the resource ${version === "namespaces" ? (rest[1] ?? version) : version} of v1`);
  }
  return pathNotFound();
}

function isOfKubernetes(group: string): boolean {
  return group.endsWith(".k8s.io") || ["apps", "autoscaling", "batch", "extensions", "policy"].includes(group);
}
