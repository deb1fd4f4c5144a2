import { readFile } from "node:fs/promises";
import type { Credential, CredentialSource } from "./access.ts";
import { AccessError } from "./errors.ts";
import type { Clock } from "./ports.ts";

export function fixedCredential(credential: Credential): CredentialSource {
  return { current: () => Promise.resolve(credential), rejected: () => false };
}

export interface CredentialFiles {
  readonly token?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
}

/** As long as a file's content is believed: a service account's token is renewed long before it ends. */
const believedMs = 60_000;

/** Credentials in files that are replaced while we run, as a service account's token is every hour. */
export class FileCredentials implements CredentialSource {
  readonly #files: CredentialFiles;
  readonly #fixed: Credential;
  readonly #clock: Clock;
  #kept: { readonly credential: Credential; readonly readAt: number } | undefined;

  /** `fixed`: what does not come from a file. */
  constructor(files: CredentialFiles, fixed: Credential, clock: Clock) {
    this.#files = files;
    this.#fixed = fixed;
    this.#clock = clock;
  }

  async current(): Promise<Credential> {
    const now = this.#clock.now();
    if (this.#kept !== undefined && now - this.#kept.readAt < believedMs) return this.#kept.credential;
    const read = await Promise.all(
      Object.entries(this.#files).map(async ([field, file]: [string, string | undefined]) =>
        file === undefined ? [] : [[field, await contentOf(field, file)] as const],
      ),
    );
    const credential: Credential = { ...this.#fixed, ...Object.fromEntries(read.flat()) };
    this.#kept = { credential, readAt: now };
    return credential;
  }

  rejected(): boolean {
    this.#kept = undefined;
    return true;
  }
}

const calledForPeople: Record<string, string> = {
  token: "the token",
  clientCertificate: "the client's certificate",
  clientKey: "the client's key",
};

async function contentOf(field: string, file: string): Promise<string> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    if (text !== "") return text;
  } catch (error) {
    const why = `${calledForPeople[field]} cannot be read from ${file}: ${(error as Error).message}`;
    throw new AccessError("credentials", why, error);
  }
  throw new AccessError("credentials", `${file} is empty: expected ${calledForPeople[field]} in it`);
}
