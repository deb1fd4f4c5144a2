import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { parseSync } from "oxc-parser";

/** The arrows of ARCHITECTURE.md: what each room may use. A name without a slash stands for all that is below it. */
export const arrows: Record<string, readonly string[]> = {
  net: [],
  protocols: ["net"],
  linux: ["net"],
  "kubernetes/resources": ["net"],
  "kubernetes/client": ["net", "kubernetes/resources"],
  "kubernetes/rbac": ["kubernetes/resources"],
  "kubernetes/certificates": ["net"],
  "kubernetes/apiserver": ["net", "kubernetes/resources", "kubernetes/certificates"],
  plan: ["net", "kubernetes/resources"],
  snapshot: ["plan", "kubernetes/resources", "kubernetes/client"],
  "warm-up": ["kubernetes/resources", "kubernetes/client"],
  controller: ["net", "plan", "snapshot", "warm-up", "kubernetes/resources", "kubernetes/client"],
  webhook: ["plan", "snapshot", "kubernetes/resources", "kubernetes/client", "kubernetes/certificates"],
  migration: ["net", "plan", "snapshot", "kubernetes/resources", "kubernetes/client"],
  node: ["net", "plan", "snapshot", "warm-up", "protocols", "linux", "kubernetes/resources", "kubernetes/client"],
  lab: ["*"],
  cli: ["*"],
};

/** Modules outside any room: what the package exports. */
const frontDoors = ["index.ts", "bgp.ts"];

/**
 * Every import in `folder` (the project's `src`) that goes against the arrows, or that enters a room by another way
 * than its `index.ts`, or for tests its `testing.ts`; one line each, empty when all is well.
 */
export function wrongArrows(folder: string): string[] {
  const files = globSync("**/*.ts", { cwd: folder }).sort();
  return files.flatMap((file) => importsOf(folder, file).flatMap((target) => complaint(file, target) ?? []));
}

function complaint(file: string, target: string): string | undefined {
  if (frontDoors.includes(file)) return undefined;
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === undefined) return `${file}: is in no room; the rooms are ${Object.keys(arrows).join(", ")}`;
  if (to === undefined) return `${file}: imports ${target}, which is in no room`;
  if (from === to) return undefined;
  const allowed = arrows[from] ?? [];
  if (!allowed.includes("*") && !allowed.includes(to)) {
    return `${file}: imports ${target}, but ${from}/ may use ${allowed.join(", ") || "no other room"}`;
  }
  if (isForTests(file) && isForTests(target)) return undefined;
  if (!isDoor(to, target)) return `${file}: imports ${target}; a room is entered through its index.ts`;
  return undefined;
}

function roomOf(file: string): string | undefined {
  return Object.keys(arrows).find((room) => file.startsWith(`${room}/`));
}

/** `protocols` and `node` hold a folder a part, each with a door of its own. */
function isDoor(room: string, target: string): boolean {
  const rest = relative(room, target);
  return rest === "index.ts" || /^[^/]+\/index\.ts$/.test(rest);
}

/** What tests have in common is a door beside `index.ts`, for tests alone. */
function isForTests(file: string): boolean {
  return file.endsWith(".test.ts") || file.endsWith("/testing.ts");
}

function importsOf(folder: string, file: string): string[] {
  const { module } = parseSync(file, readFileSync(join(folder, file), "utf8"));
  const sources = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) => entry.entries.flatMap((each) => each.moduleRequest?.value ?? [])),
  ];
  const text = readFileSync(join(folder, file), "utf8");
  for (const entry of module.dynamicImports) {
    sources.push(text.slice(entry.moduleRequest.start + 1, entry.moduleRequest.end - 1));
  }
  return sources.filter((source) => source.startsWith(".")).map((source) => normalize(join(dirname(file), source)));
}
