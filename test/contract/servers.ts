import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { startApiServer } from "../../src/kubernetes/apiserver/index.ts";
import { command } from "../../src/lab/command.ts";
import { ControlPlane } from "../../src/lab/control-plane/control-plane.ts";
import type { CertificateUser } from "../../src/lab/control-plane/credentials.ts";
import { HostProcess } from "../../src/lab/host-process.ts";
import { eventually, Kubectl } from "../kubernetes/kubectl.ts";
import { RawClient } from "../kubernetes/raw-client.ts";
import type { ContractApi, ContractCase } from "./contract.ts";

const serviceNetwork = "10.233.0.0/18";

/** A server that cases are held against. */
export interface ContractServer {
  readonly name: string;
  /** Runs a case in a namespace of its own. */
  readonly hold: (run: ContractCase) => Promise<void>;
  readonly raw: RawClient;
  readonly stop: () => Promise<void>;
}

export async function startEmbedded(): Promise<ContractServer> {
  const server = await startApiServer({
    database: ":memory:",
    host: "127.0.0.1",
    port: 0,
    serviceNetworks: [serviceNetwork],
  });
  return contractServer("embedded API server", {
    kubeconfig: server.kubeconfig("administrator"),
    kubeconfigOf: ({ name }) => Promise.resolve(server.kubeconfig(name)),
    forget: () => Promise.resolve(server.compact()),
    stop: server.close,
  });
}

/** Of the programs that `npm run kubernetes` has built. */
export async function startKubernetes(): Promise<ContractServer> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-contract-"));
  const running: HostProcess[] = [];
  const stop = async () => {
    for (const each of running.reverse()) await each.stop(2_000);
    await rm(folder, { recursive: true, force: true });
  };
  const run = async (spec: Parameters<typeof HostProcess.start>[2]) => {
    const started = await HostProcess.start(undefined, folder, spec);
    running.push(started);
    return started;
  };
  try {
    const [api, etcd, etcdPeer] = await freePorts();
    const plane = await ControlPlane.start(
      { run, exec: command },
      {
        folder,
        address: "127.0.0.1",
        serviceNetwork,
        ports: { api, etcd, etcdPeer, controllerManager: 0, scheduler: 0 },
      },
    );
    return await contractServer("Kubernetes' API server", {
      kubeconfig: await readFile(plane.kubeconfig, "utf8"),
      forget: () => compact(etcd),
      kubeconfigOf: async (user) => readFile(await plane.certificateKubeconfig(user), "utf8"),
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As kube-apiserver does every five minutes, by etcd's JSON gateway. */
async function compact(port: number): Promise<void> {
  const ask = async (what: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/${what}`, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()) as { readonly header: { readonly revision: string } };
  };
  const { header } = await ask("maintenance/status", {});
  await ask("kv/compaction", { revision: header.revision });
}

interface Access {
  readonly forget: () => Promise<void>;
  readonly kubeconfig: string;
  readonly kubeconfigOf: (user: CertificateUser) => Promise<string>;
  readonly stop: () => Promise<void>;
}

async function contractServer(
  name: string,
  { kubeconfig, kubeconfigOf, forget, stop }: Access,
): Promise<ContractServer> {
  const raw = new RawClient(kubeconfig);
  const administrator = await Kubectl.with(kubeconfig);
  return {
    name,
    raw,
    hold: async (run) => {
      const namespace = `case-${randomInt(36 ** 5).toString(36)}`;
      await administrator.run("create", "namespace", namespace);
      // Without it Kubernetes takes no pods. Its controllers make it; the embedded server does at once.
      await eventually("the namespace's service account", () =>
        administrator.run("get", "serviceaccount", "default", "-n", namespace).catch(() => undefined),
      );
      const kubectl = await Kubectl.with(kubeconfig, namespace);
      const bearer = (token: string) => new RawClient(withToken(kubeconfig, token));
      const api: ContractApi = { namespace, kubectl, raw, forget, bearer, kubeconfigOf };
      try {
        await run(api);
      } finally {
        await kubectl[Symbol.asyncDispose]();
      }
    },
    stop: async () => {
      raw[Symbol.dispose]();
      await administrator[Symbol.asyncDispose]();
      await stop();
    },
  };
}

function withToken(kubeconfig: string, token: string): string {
  const { users: _, ...rest } = parse(kubeconfig) as { users: unknown };
  return stringify({ ...rest, users: [{ name: "bearer", user: { token } }] });
}

async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()] as const;
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const [a, b, c] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number, number];
  for (const server of servers) server.close();
  return [a, b, c];
}
