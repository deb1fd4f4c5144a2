import { kinds, Namespace } from "../resources/index.ts";
import { serviceNetworksOf } from "./admission/service/networks.ts";
import { strategies } from "./admission/strategies.ts";
import { Api } from "./api.ts";
import { Authority } from "./authority.ts";
import { expireEvents } from "./event-expiry.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { HttpServer } from "./http.ts";
import { ApiError } from "./status.ts";
import { Store } from "./store/store.ts";

export interface ApiServerOptions {
  /** A file's path, or `:memory:` for what may be forgotten. */
  readonly database: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Names and addresses beside `host` that clients call the server by; the first is the one in kubeconfigs. */
  readonly names?: readonly string[];
  /** What Services get their cluster addresses from: one prefix, or two of different families. */
  readonly serviceNetworks?: readonly string[];
  readonly nodePorts?: { readonly first: number; readonly last: number };
  /** How long a watch can be taken up again from where it ended; five minutes by default, as with kube-apiserver. */
  readonly historyMs?: number;
  /** Told what went wrong inside and could be told no client. */
  readonly onError?: (error: unknown) => void;
}

export interface ApiServer {
  readonly url: string;
  /** The certificate authority's certificate, as PEM. */
  readonly ca: string;
  /** The text of a kubeconfig for a user of that name, with a certificate or a token. */
  readonly kubeconfig: (user?: string, credential?: "certificate" | "token") => string;
  /** Forgets all history at once: every watch from an older resource version then gets 410. */
  readonly compact: () => void;
  readonly close: () => Promise<void>;
}

const defaultServiceNetworks = ["10.96.0.0/12"];
const defaultNodePorts = { first: 30_000, last: 32_767 };
const defaultHistoryMs = 5 * 60_000;
const expiryPeriodMs = 5 * 60_000;
const firstNamespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];
const internal = { dryRun: false, fieldManager: "fairlead", fieldValidation: "Ignore", force: false } as const;

/** Starts an API server; it is ready when the promise resolves, and closed by `close` or by `signal`. */
export async function startApiServer(options: ApiServerOptions, signal?: AbortSignal): Promise<ApiServer> {
  signal?.throwIfAborted();
  const networks = serviceNetworksOf(
    options.serviceNetworks ?? defaultServiceNetworks,
    options.nodePorts ?? defaultNodePorts,
  );
  const store = new Store(options.database);
  const onError =
    options.onError ?? ((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)));
  try {
    const authority = new Authority(store);
    const api = new Api(store, kinds, strategies(networks), authority);
    for (const name of firstNamespaces) await createNamespace(api, name);
    const collector = new GarbageCollector(store, api.deleter, kinds, onError);
    const names = [...new Set([...(options.names ?? []), options.host, "localhost", "127.0.0.1", "::1"])];
    const http = new HttpServer({ host: options.host, port: options.port, names, authority, api, onError });
    const { port } = await http.listen();
    const called = options.names?.[0] ?? (["0.0.0.0", "::"].includes(options.host) ? "127.0.0.1" : options.host);
    const url = `https://${called.includes(":") ? `[${called}]` : called}:${port}`;
    const compaction = keepHistory(store, options.historyMs ?? defaultHistoryMs, onError);
    const expiry = setInterval(() => {
      expireEvents(store, api.deleter, Date.now()).catch(onError);
    }, expiryPeriodMs).unref();
    const close = async () => {
      clearInterval(compaction);
      clearInterval(expiry);
      collector.close();
      await http.close();
      store.close();
    };
    let closing: Promise<void> | undefined;
    const closeOnce = () => (closing ??= close());
    if (signal?.aborted) {
      await closeOnce();
      signal.throwIfAborted();
    }
    signal?.addEventListener("abort", () => void closeOnce().catch(onError), { once: true });
    return {
      url,
      ca: authority.certificatePem,
      kubeconfig: (user = "fairlead-admin", credential = "certificate") =>
        authority.kubeconfig(url, { name: user, groups: ["system:masters"] }, credential),
      compact: () => store.compact(store.revision),
      close: closeOnce,
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function createNamespace(api: Api, name: string): Promise<void> {
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  try {
    await api.writer.create({ kind: Namespace, namespace: "" }, object, internal);
  } catch (error) {
    // From an earlier start.
    if (!(error instanceof ApiError && error.reason === "AlreadyExists")) throw error;
  }
}

/** Every period, forgets what was history at the start of it. */
function keepHistory(store: Store, historyMs: number, onError: (error: unknown) => void): NodeJS.Timeout {
  let before = store.revision;
  return setInterval(() => {
    try {
      store.compact(before);
      before = store.revision;
    } catch (error) {
      onError(error);
    }
  }, historyMs).unref();
}
