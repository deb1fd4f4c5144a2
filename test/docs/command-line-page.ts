import { hostname } from "node:os";
import type { Argument, Command, Option } from "commander";
import { commandLine } from "../../src/cli/command-line.ts";
import { code, table, type Page } from "./markdown.ts";

/** Every command with its arguments and options, as `--help` has them. */
export function commandLinePage(): Page {
  const sections = commandLine().commands.flatMap((command) => sectionsOf(command, "fairlead"));
  return {
    title: "Command line",
    body: [
      "`fairlead --help` and `fairlead COMMAND --help` say the same. `fairlead --version` prints the version. Installed as a package, the program is also there as `kubectl fairlead`. In a clone, write `npm run -s fairlead --` in its place.",
      "Status 0 means that all went well; any other, that it did not, and standard error says why.",
      ...sections,
    ],
  };
}

function sectionsOf(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((each) => sectionsOf(each, name));
  const rows = [
    ...command.registeredArguments.map((each) => [code(argumentName(each)), each.description, ""]),
    ...command.options.map((option) => [code(option.flags), meaningOf(option), defaultOf(option)]),
  ];
  return [
    `## ${code(name)}`,
    sentence(command.description()),
    ...(rows.length === 0 ? [] : [table(["", "what it says", "default"], rows)]),
  ];
}

function argumentName(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function meaningOf({ description, argChoices, envVar }: Option): string {
  const choices = argChoices === undefined ? "" : `one of ${argChoices.map(code).join(", ")}`;
  const environment = envVar === undefined ? "" : `(or by the environment: ${code(envVar)})`;
  return [description, choices, environment].filter((each) => each !== "").join(" ");
}

function defaultOf({ defaultValue, defaultValueDescription }: Option): string {
  if (defaultValue === undefined || defaultValue === false) return "";
  if (defaultValue === hostname()) return "the machine's host name";
  if (Array.isArray(defaultValue)) return defaultValue.map((each) => code(String(each))).join(", ");
  return code(defaultValueDescription ?? String(defaultValue));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
