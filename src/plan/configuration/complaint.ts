import { keyOf, type KubernetesObject } from "../../kubernetes/resources/index.ts";
import type { ConfigurationFault, ConfigurationReason } from "../reason.ts";

/** Says that a field of one object is wrong; a value that is missing is `nothing`. */
export type Complain = (
  field: string,
  value: string | number | undefined,
  expected: string,
  fault?: ConfigurationFault,
) => void;

/** What is wrong with `object` goes to `problems`. */
export function complainOf(object: KubernetesObject, problems: ConfigurationReason[]): Complain {
  return (field, value, expected, fault = "field") => {
    problems.push({
      code: `configuration.${fault}`,
      object: `${object.kind} ${keyOf(object)}`,
      field,
      value: String(value ?? "nothing"),
      expected,
    });
  };
}
