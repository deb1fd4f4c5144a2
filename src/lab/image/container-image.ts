import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import * as z from "zod";
import { command } from "../command.ts";
import { LabError } from "../lab-error.ts";

/** An image that was unpacked, so that containers can run on its files. */
export interface ContainerImage {
  /** What pods call it: `fairlead:0.1.0`. */
  readonly reference: string;
  readonly rootFolder: string;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ digest });
const manifestList = z.object({
  manifests: z.array(descriptor.extend({ platform: z.object({ architecture: z.string() }).optional() })),
});
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const config = z.object({
  config: z.object({
    Env: z.array(z.string()).default([]),
    Entrypoint: z.array(z.string()),
    Labels: z.record(z.string(), z.string()).default({}),
  }),
});
const titleLabel = "org.opencontainers.image.title";
const versionLabel = "org.opencontainers.image.version";

/** What Node.js calls otherwise than Go. */
const architecture = process.arch === "x64" ? "amd64" : process.arch;

/**
 * Unpacks what an OCI image layout has for this machine into `folder`, and checks each part by its digest. Rejects with
 * `lab.image` where the layout is no such.
 */
export async function unpackImage(layout: string, folder: string): Promise<ContainerImage> {
  try {
    const index = manifestList.parse(JSON.parse(await readFile(join(layout, "index.json"), "utf8")));
    const images = manifestList.parse(await blob(layout, index.manifests[0]));
    const ours = images.manifests.find((each) => each.platform?.architecture === architecture);
    if (ours === undefined) throw new Error(`it has nothing for linux/${architecture}`);
    const { config: about, layers } = manifest.parse(await blob(layout, ours));
    const { Env: env, Entrypoint: entrypoint, Labels: labels } = config.parse(await blob(layout, about)).config;
    const rootFolder = join(folder, "rootfs");
    await mkdir(rootFolder, { recursive: true });
    for (const layer of layers) await unpackLayer(layout, layer, rootFolder);
    const reference = `${labels[titleLabel] ?? ""}:${labels[versionLabel] ?? ""}`;
    const image = { reference, rootFolder, entrypoint, env };
    await writeFile(join(folder, "image.json"), JSON.stringify(image));
    return image;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LabError("lab.image", `image ${layout}: ${why}; must be an OCI layout, as npm run image makes it`, {
      cause: error,
    });
  }
}

/** What another process has unpacked. */
export async function openImage(folder: string): Promise<ContainerImage> {
  return JSON.parse(await readFile(join(folder, "image.json"), "utf8")) as ContainerImage;
}

type Descriptor = z.output<typeof descriptor>;

async function blob(layout: string, of: Descriptor | undefined): Promise<unknown> {
  if (of === undefined) throw new Error("its index.json names nothing");
  const octets = await readFile(blobFile(layout, of));
  checkDigest(of, createHash("sha256").update(octets).digest("hex"));
  return JSON.parse(octets.toString());
}

async function unpackLayer(layout: string, layer: Descriptor, rootFolder: string): Promise<void> {
  const hash = createHash("sha256");
  const archive = `${rootFolder}.tar`;
  await pipeline(
    createReadStream(blobFile(layout, layer)),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createZstdDecompress(),
    createWriteStream(archive),
  );
  checkDigest(layer, hash.digest("hex"));
  await command(["tar", "--extract", "--file", archive, "--directory", rootFolder]);
  await rm(archive);
}

function blobFile(layout: string, { digest: name }: Descriptor): string {
  return join(layout, "blobs", name.replace(":", "/"));
}

function checkDigest(of: Descriptor, hex: string): void {
  if (of.digest !== `sha256:${hex}`) throw new Error(`the blob ${of.digest} has another digest, sha256:${hex}`);
}
