import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../lab-error.ts";

export type ControlPlaneProgram =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-proxy"
  | "kube-scheduler";

/** Where `npm run kubernetes` leaves them. */
const built = fileURLToPath(new URL("../../../node_modules/.cache/fairlead/kubernetes", import.meta.url));

/** The path of one of Kubernetes' own programs: in `KUBEBUILDER_ASSETS`, or as this project has built them. */
export function controlPlaneProgram(name: ControlPlaneProgram): string {
  const folder = process.env["KUBEBUILDER_ASSETS"] ?? built;
  const path = join(folder, name);
  if (existsSync(path)) return path;
  throw new LabError(
    "lab.noProgram",
    `${name} is not in ${folder}: build it with "npm run kubernetes", or name a folder that has it by KUBEBUILDER_ASSETS`,
  );
}
