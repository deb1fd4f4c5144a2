// An API server in a process of its own, so that a test can kill it: DATABASE KUBECONFIG [HOST PORT].
import { renameSync, writeFileSync } from "node:fs";
import { startApiServer } from "../../src/kubernetes/apiserver/index.ts";

const [database = "", kubeconfig = "", host = "127.0.0.1", port = "0"] = process.argv.slice(2);
const server = await startApiServer({ database, host, port: Number(port) });
writeFileSync(`${kubeconfig}.new`, server.kubeconfig("tester", "token"), { mode: 0o600 });
renameSync(`${kubeconfig}.new`, kubeconfig);
