/** The versions of Services that an address is reserved for: later than `after`, and no later than `until`. */
export interface Window {
  readonly after: bigint;
  readonly until: bigint;
}

/** As it is written in a block; `windowIn` reads it. */
export function windowText({ after, until }: Window): string {
  return `${after}-${until}`;
}

export function windowIn(text: string): Window | undefined {
  const [, after, until] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  return after === undefined || until === undefined ? undefined : { after: BigInt(after), until: BigInt(until) };
}

/** A version that is no number is in no window. */
export function isWithin({ after, until }: Window, version: bigint | undefined): boolean {
  return version !== undefined && after < version && version <= until;
}

/** Versions of one kind grow as its objects are written; undefined where a server counts in another way. */
export function versionIn(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

export interface WindowOptions {
  /** How long a window is to last: what a controller dies with is nobody's until then. */
  readonly lastsSeconds: number;
  /** After which a new one begins: by then, more or less may be written in a second. */
  readonly renewedSeconds: number;
  readonly leastVersions: bigint;
}

const usual: WindowOptions = { lastsSeconds: 300, renewedSeconds: 120, leastVersions: 1_000n };

/** Says what window to reserve an address for, by how fast versions have grown since the last time. */
export class Windows {
  readonly #options: WindowOptions;
  #last: { readonly at: number; readonly window: Window } | undefined;

  constructor(options: WindowOptions = usual) {
    this.#options = options;
  }

  /** The next, if that is to be written in version `now`. */
  next(now: bigint): Window {
    const { lastsSeconds, leastVersions } = this.#options;
    const { at, window } = this.#last ?? { at: 0, window: { after: now } };
    const seconds = Math.max(1, (performance.now() - at) / 1_000);
    const growth = Math.max(0, Number(now - window.after)) / seconds;
    const lasting = BigInt(Math.ceil(growth * lastsSeconds));
    const next = { after: now, until: now + (lasting > leastVersions ? lasting : leastVersions) };
    this.#last = { at: performance.now(), window: next };
    return next;
  }

  /** Whether a new one should follow: it is half over, or of another time. */
  isStale({ after, until }: Window, now: bigint): boolean {
    if (now < after || now > (after + until) / 2n) return true;
    return this.#last === undefined || performance.now() - this.#last.at > this.#options.renewedSeconds * 1_000;
  }
}
