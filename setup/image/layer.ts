import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";

/** A layer as a manifest and a config name it, with its octets. */
export interface Layer {
  readonly name: string;
  readonly mediaType: "application/vnd.oci.image.layer.v1.tar+zstd";
  readonly blob: Buffer;
  readonly digest: string;
  /** Of the archive before it was compressed. */
  readonly diffId: string;
  readonly unpackedBytes: number;
}

/** Beyond this Node.js' 150 MB take several times as long for a hundredth. */
const compressionLevel = 9;

/**
 * A folder as a layer. Its octets follow from names, contents and who may execute: not from the order of a folder, nor
 * from times, owners or umask. See reproducible-builds.org/docs/archives.
 *
 * Compressed by the zstd that is a part of the project's own Node.js, and so as pinned as it is: zlib's output depends
 * on the processor in Node.js, and on the machine's gzip outside of it.
 */
export function layerOf(name: string, folder: string): Layer {
  const normal = ["--format=ustar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const args = [...normal, "--mode=u=rwX,go=rX", "--hard-dereference", "--create", "--file=-", "--directory", folder];
  const archive = execFileSync("tar", [...args, "--", ...readdirSync(folder).sort()], {
    maxBuffer: 2 ** 30,
    // Nothing that a user may have set for tar.
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const blob = zstdCompressSync(archive, { params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } });
  const mediaType = "application/vnd.oci.image.layer.v1.tar+zstd";
  return { name, mediaType, blob, digest: digestOf(blob), diffId: digestOf(archive), unpackedBytes: archive.length };
}

export function digestOf(octets: Buffer): string {
  return `sha256:${createHash("sha256").update(octets).digest("hex")}`;
}
