import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "./contents.ts";
import { digestOf, type Layer } from "./layer.ts";

export interface ImageOfArchitecture {
  readonly architecture: Architecture;
  readonly layers: readonly Layer[];
}

export interface Labels {
  readonly version: string;
  readonly description: string;
  readonly licenses: string;
}

/**
 * Writes an OCI image layout (github.com/opencontainers/image-spec, image-layout.md) into an empty `folder`, and
 * returns the digest by which both architectures are pulled. No date is in it: it would be the only thing that differs.
 */
export function writeOciLayout(folder: string, images: readonly ImageOfArchitecture[], labels: Labels): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const store = (mediaType: string, octets: Buffer) => {
    const digest = digestOf(octets);
    writeFileSync(join(folder, "blobs", digest.replace(":", "/")), octets);
    return { mediaType, digest, size: octets.length };
  };
  const storeJson = (mediaType: string, value: object) => store(mediaType, Buffer.from(JSON.stringify(value)));

  const manifests = images.map(({ architecture, layers }) => ({
    ...storeJson("application/vnd.oci.image.manifest.v1+json", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: storeJson("application/vnd.oci.image.config.v1+json", configOf(architecture, layers, labels)),
      layers: layers.map(({ mediaType, blob }) => store(mediaType, blob)),
    }),
    platform: { architecture, os: "linux" },
  }));
  const indexType = "application/vnd.oci.image.index.v1+json";
  const index = storeJson(indexType, { schemaVersion: 2, mediaType: indexType, manifests });
  const annotations = { "org.opencontainers.image.ref.name": labels.version };
  const entry = { schemaVersion: 2, mediaType: indexType, manifests: [{ ...index, annotations }] };
  writeFileSync(join(folder, "index.json"), JSON.stringify(entry));
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return index.digest;
}

function configOf(architecture: Architecture, layers: readonly Layer[], labels: Labels): object {
  return {
    architecture,
    os: "linux",
    config: {
      User: "65532:65532",
      Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
      Entrypoint: ["/usr/bin/fairlead"],
      WorkingDir: "/",
      Labels: {
        "org.opencontainers.image.title": "fairlead",
        "org.opencontainers.image.description": labels.description,
        "org.opencontainers.image.version": labels.version,
        "org.opencontainers.image.licenses": labels.licenses,
      },
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ name }) => ({ created_by: name })),
  };
}
