import { readFile } from "node:fs/promises";
import * as z from "zod";
import { AccessError } from "./errors.ts";

/** A field that would change how the API server is reached or who we are there, and that is not supported. */
const refused = (instead: string) => z.undefined({ error: `is not supported by Fairlead; ${instead}` }).optional();

export const clusterEntry = z.object({
  server: z.url({ protocol: /^https?$/, error: "expected a URL such as https://10.0.0.1:6443" }),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.base64("expected a PEM certificate in base64").optional(),
  "insecure-skip-tls-verify": z.boolean("expected true or false").default(false),
  "tls-server-name": z.string().optional(),
  "proxy-url": refused("give a server that can be reached without a proxy"),
});
export type ClusterEntry = z.infer<typeof clusterEntry>;

const execEntry = z.object({
  apiVersion: z.literal("client.authentication.k8s.io/v1", {
    error: "expected client.authentication.k8s.io/v1, the only version supported",
  }),
  command: z.string().min(1, "expected the name or path of a program"),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().optional(),
  provideClusterInfo: z.boolean().default(false),
});
export type ExecEntry = z.infer<typeof execEntry>;

const otherWays = "use a client certificate, token, tokenFile or exec";

export const userEntry = z.object({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.base64("expected a PEM certificate in base64").optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.base64("expected a PEM key in base64").optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  exec: execEntry.optional(),
  username: refused(otherWays),
  password: refused(otherWays),
  "auth-provider": refused(otherWays),
  as: refused("name a user who may do it"),
});
export type UserEntry = z.infer<typeof userEntry>;

export const contextEntry = z.object({
  cluster: z.string("expected the name of a cluster"),
  user: z.string("expected the name of a user"),
  namespace: z.string().optional(),
});

/** The entries themselves are looked at when they are used: one that is not is none of our business. */
const named = (field: Section) => z.array(z.object({ name: z.string(), [field]: z.unknown() })).nullish();

const frame = z.object({
  kind: z.literal("Config", { error: "expected Config: this is no kubeconfig file" }).optional(),
  "current-context": z.string().optional(),
  clusters: named("cluster"),
  users: named("user"),
  contexts: named("context"),
});

const sections = { cluster: "clusters", user: "users", context: "contexts" } as const;
export type Section = keyof typeof sections;

/** An entry as one file has it, unchecked. */
export interface FoundEntry {
  readonly file: string;
  readonly field: string;
  readonly value: unknown;
}

/** One or several kubeconfig files as if they were one: of two entries of a name, that of the earlier file counts. */
export interface MergedKubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly entries: Readonly<Record<Section, ReadonlyMap<string, FoundEntry>>>;
}

/** Files that do not exist are passed over; `files` of the result says which were read. */
export async function readKubeconfigs(paths: readonly string[]): Promise<MergedKubeconfig> {
  const files: string[] = [];
  const entries = { cluster: new Map(), user: new Map(), context: new Map() } satisfies Record<
    Section,
    Map<string, FoundEntry>
  >;
  let currentContext: string | undefined;
  for (const file of paths) {
    const content = await readOne(file);
    if (content === undefined) continue;
    files.push(file);
    currentContext ??= content["current-context"] || undefined;
    for (const section of Object.keys(sections) as Section[]) {
      for (const [index, entry] of (content[sections[section]] ?? []).entries()) {
        if (entries[section].has(entry.name)) continue;
        const field = `${sections[section]}[${index}].${section}`;
        entries[section].set(entry.name, { file, field, value: (entry as Record<string, unknown>)[section] });
      }
    }
  }
  return { files, currentContext, entries };
}

/** Checks an entry now that it is used. */
export function readEntry<Schema extends z.ZodType>(schema: Schema, entry: FoundEntry): z.infer<Schema> {
  return checked(schema, entry.value, entry.file, entry.field);
}

async function readOne(file: string): Promise<z.infer<typeof frame> | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AccessError("kubeconfig", `${file} cannot be read: ${(error as Error).message}`, error);
  }
  // Loaded when it is needed: inside a cluster it never is.
  const { parse } = await import("yaml");
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (error) {
    throw new AccessError("kubeconfig", `${file} is not YAML: ${(error as Error).message}`, error);
  }
  return checked(frame, content, file, "");
}

const secret = /token$|password|-data$/;

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string, at: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    const found = path.reduce<unknown>(
      (inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step],
      value,
    );
    const field = [at, ...path.map(String)].filter((step) => step !== "").join(".");
    const shown = secret.test(field) ? "(not shown)" : (JSON.stringify(found) ?? "missing");
    return `${field || "the whole"} is ${shown}: ${message}`;
  });
  throw new AccessError("kubeconfig", `${file}: ${problems.join("; ")}`);
}
