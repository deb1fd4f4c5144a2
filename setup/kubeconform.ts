// kubeconform, for the test of the manifests, and what Kubernetes says of its kinds: both from Go modules, once.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { goEnvironment } from "./kubernetes/go-environment.ts";
import { goPrograms, programCache } from "./kubernetes/go-programs.ts";
import { newEnoughGo } from "./kubernetes/go-toolchain.ts";

/** The path of the program. */
export function kubeconform(): string {
  const packages = ["github.com/yannh/kubeconform/cmd/kubeconform"];
  const cost = "ten seconds of processor time";
  return join(goPrograms({ name: "kubeconform", version: "0.8.0", packages, cost }), "kubeconform");
}

/** The OpenAPI document (version 2) of the Kubernetes that the control plane is built from. */
export function kubernetesOpenApi(): string {
  const say = (line: string) => void process.stderr.write(`kubernetes: ${line}\n`);
  const go = newEnoughGo(programCache, say);
  const told = execFileSync(go, ["mod", "download", "-json", "k8s.io/kubernetes"], {
    // Its go.mod and go.sum pin the module.
    cwd: join(import.meta.dirname, "kubernetes/control-plane"),
    encoding: "utf8",
    env: { ...process.env, ...goEnvironment },
  });
  const { Dir } = JSON.parse(told) as { Dir: string };
  return join(Dir, "api/openapi-spec/swagger.json");
}
