/** A line longer than this is no event of Kubernetes, whose objects have at most 1.5 MB: it would fill our memory. */
const lineLimitBytes = 32 * 2 ** 20;

/** Cuts a stream of bytes into lines; what follows the last line feed is kept until the rest of it comes. */
export class LineCutter {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** Whether a line has begun and not ended. */
  get isAmidLine(): boolean {
    return this.#bytes > 0;
  }

  /** Whether a line has begun that is longer than any event, and has not ended yet. */
  get isTooLong(): boolean {
    return this.#bytes > lineLimitBytes;
  }

  /** The lines that this chunk completes, without empty ones. */
  *cut(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line.trim() !== "") yield line;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    this.#parts.push(part);
  }

  #take(): string {
    const line = (this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)).toString();
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
