import type { ContractPart } from "../contract.ts";
import { webhooks } from "./beyond.ts";
import { customResources } from "./custom.ts";
import { others, pods, services } from "./kubernetes-kinds.ts";
import { discovery, lists, reading } from "./reading.ts";
import { deleting, writing } from "./writing.ts";

export const contract: readonly ContractPart[] = [
  discovery,
  reading,
  lists,
  writing,
  deleting,
  services,
  pods,
  others,
  customResources,
  webhooks,
];
