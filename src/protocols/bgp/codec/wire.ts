import type { Ipv4Address, Ipv6Address } from "../../../net/index.ts";

/** Reads fields in network byte order; where bytes are missing it throws what `tooShort` makes. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #tooShort: () => Error;
  #at: number;

  constructor(bytes: Uint8Array, tooShort: () => Error, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#tooShort = tooShort;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  u16(): number {
    const at = this.#advance(2);
    const bytes = this.#bytes;
    return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }

  u32(): number {
    const high = this.u16();
    return high * 0x10000 + this.u16();
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A reader of the next `length` bytes alone. */
  part(length: number, tooShort: () => Error = this.#tooShort): Reader {
    const at = this.#advance(length);
    return new Reader(this.#bytes, tooShort, at, at + length);
  }

  /** Another reader of what is left, at the same place. */
  copy(): Reader {
    return new Reader(this.#bytes, this.#tooShort, this.#at, this.#end);
  }

  ipv4(): Ipv4Address {
    return { family: 4, value: this.u32() };
  }

  ipv6(): Ipv6Address {
    return { family: 6, value: this.u128(16) };
  }

  /** The next `octets` (at most 16) as the first octets of a 128 bit number, the rest zero. */
  u128(octets: number): bigint {
    const at = this.#advance(octets);
    const word = (index: number) => {
      let value = 0;
      for (let octet = 4 * index; octet < 4 * index + 4; octet++) {
        value = value * 256 + (octet < octets ? (this.#bytes[at + octet] ?? 0) : 0);
      }
      return BigInt(value);
    };
    return (((((word(0) << 32n) | word(1)) << 32n) | word(2)) << 32n) | word(3);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw this.#tooShort();
    this.#at = at + length;
    return at;
  }
}

/** Writes fields in network byte order into a buffer of fixed size; throws `RangeError` where it is full. */
export class Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  get room(): number {
    return this.#bytes.length - this.#at;
  }

  /** Forgets what was written from `length` on. */
  truncate(length: number): void {
    this.#at = length;
  }

  u8(value: number): void {
    this.#view.setUint8(this.#advance(1), value);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#advance(2), value);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#advance(4), value);
  }

  fill(value: number, length: number): void {
    const at = this.#advance(length);
    this.#bytes.fill(value, at, at + length);
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#advance(bytes.length));
  }

  ipv6(value: bigint): void {
    const at = this.#advance(16);
    this.#view.setBigUint64(at, value >> 64n);
    this.#view.setBigUint64(at + 8, value & 0xffffffffffffffffn);
  }

  /** The first `octets` of a 128 bit number. */
  u128(value: bigint, octets: number): void {
    const at = this.#at;
    if (this.room >= 16) {
      this.ipv6(value);
      this.#at = at + octets;
      return;
    }
    for (let index = 0; index < octets; index++) this.u8(Number((value >> BigInt(120 - 8 * index)) & 0xffn));
  }

  patchU8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  patchU16(at: number, value: number): void {
    this.#view.setUint16(at, value);
  }

  /** A copy of what was written, of exactly its size. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new RangeError(`no room for ${length} more octets after ${at}`);
    this.#at = at + length;
    return at;
  }
}
