import type { Command } from "commander";

/** `fairlead crds`: what a cluster must know before it can hold the resources that Fairlead reads and writes. */
export function addCrdsCommand(program: Command): void {
  program
    .command("crds")
    .description("print the CustomResourceDefinitions of all custom resources, for kubectl apply -f -")
    .action(async () => {
      const { stringify } = await import("yaml");
      const { customResourceDefinition, kinds } = await import("../kubernetes/resources/index.ts");
      const definitions = kinds.filter((kind) => kind.custom).map((kind) => stringify(customResourceDefinition(kind)));
      process.stdout.write(definitions.join("---\n"));
    });
}
