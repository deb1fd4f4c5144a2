// The container image, for both architectures, as an OCI layout; no daemon, and nobody's base image.
//   npm run image [-- --output FOLDER]     builds it, and prints its digest and what takes its size
//   npm run image -- --update              takes the versions that Debian has today into setup/image/debian-packages.lock
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { architectures, type Architecture } from "./image/contents.ts";
import { debianPackages, updateLock } from "./image/debian.ts";
import { layerOf, type Layer } from "./image/layer.ts";
import { writeOciLayout, type ImageOfArchitecture } from "./image/oci-layout.ts";
import { debianTree, dependencyTree, nodeTree, programTree } from "./image/trees.ts";

const root = join(import.meta.dirname, "..");
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fairlead/debian");

/** Builds what is published and writes the image into `output`. Returns its digest. */
async function buildImage(output: string): Promise<{
  readonly digest: string;
  readonly images: readonly ImageOfArchitecture[];
}> {
  mkdirSync(cache, { recursive: true });
  await build();
  const scratch = mkdtempSync(join(tmpdir(), "fairlead-image-"));
  try {
    const program = layer("Fairlead", join(scratch, "program"), programTree);
    const images = architectures.map((architecture) => ({
      architecture,
      layers: [...layersBelow(architecture, join(scratch, architecture)), program],
    }));
    const { version, description, license } = manifest();
    return { digest: writeOciLayout(output, images, { version, description, licenses: license }), images };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What changes least comes first: a node that has one version of Fairlead downloads only the last layers of the next. */
function layersBelow(architecture: Architecture, scratch: string): Layer[] {
  say(`linux/${architecture}`);
  const files = debianPackages(architecture, cache);
  return [
    layer("Debian's packages", join(scratch, "debian"), (tree, rest) => debianTree(files, tree, rest)),
    layer("Node.js", join(scratch, "node"), (tree, rest) => nodeTree(architecture, tree, rest)),
    layer("npm packages", join(scratch, "npm"), (tree, rest) => dependencyTree(architecture, tree, rest)),
  ];
}

function layer(name: string, scratch: string, fill: (tree: string, scratch: string) => void): Layer {
  const tree = join(scratch, "tree");
  const rest = join(scratch, "rest");
  for (const folder of [tree, rest]) mkdirSync(folder, { recursive: true });
  fill(tree, rest);
  return layerOf(name, tree);
}

function manifest(): { readonly version: string; readonly description: string; readonly license: string } {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as ReturnType<typeof manifest>;
}

function sizes(images: readonly ImageOfArchitecture[]): string {
  const megabytes = (octets: number) => `${(octets / 1e6).toFixed(1)} MB`.padStart(9);
  return images
    .flatMap(({ architecture, layers }) => {
      const rows = layers.map(({ name, blob, unpackedBytes }) => [name, blob.length, unpackedBytes] as const);
      const sum = (column: 1 | 2) => rows.reduce((total, row) => total + row[column], 0);
      const all = [...rows, ["all", sum(1), sum(2)] as const];
      const lines = all.map(
        ([name, packed, unpacked]) => `  ${name.padEnd(18)}${megabytes(packed)}${megabytes(unpacked)}`,
      );
      return [`${`linux/${architecture}`.padEnd(20)}   packed unpacked`, ...lines];
    })
    .join("\n");
}

function say(line: string): void {
  process.stderr.write(`image: ${line}\n`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", default: join(root, "image") }, update: { type: "boolean", default: false } },
  });
  mkdirSync(cache, { recursive: true });
  if (values.update) {
    updateLock(cache);
  } else {
    const { digest, images } = await buildImage(resolve(values.output));
    process.stdout.write(`${sizes(images)}\n\n${resolve(values.output)}\nfairlead:${manifest().version}@${digest}\n`);
  }
}
