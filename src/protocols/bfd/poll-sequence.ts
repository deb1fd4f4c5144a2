/**
 * A Poll Sequence (RFC 5880 §6.5): packets carry P until one comes back with F. A change while one is under way asks for
 * another, and between two of them goes a packet without P: otherwise an F could belong to either.
 */
export class PollSequence {
  #phase: "none" | "polling" | "polling, then again" | "between" = "none";

  /** Parameters have changed: the other side must hear of it for certain. */
  request(): void {
    if (this.#phase === "none") this.#phase = "polling";
    else if (this.#phase === "polling") this.#phase = "polling, then again";
  }

  get isPolling(): boolean {
    return this.#phase === "polling" || this.#phase === "polling, then again";
  }

  /** Whether packets must go out for its sake. */
  get isPending(): boolean {
    return this.#phase !== "none";
  }

  /** A packet without F went out. */
  packetSent(): void {
    if (this.#phase === "between") this.#phase = "polling";
  }

  /** A packet with F came in; true if the other side now knows all that has changed. */
  finalReceived(): boolean {
    if (this.#phase === "polling, then again") this.#phase = "between";
    if (this.#phase !== "polling") return false;
    this.#phase = "none";
    return true;
  }

  /** There is no other side any more to answer. */
  abandon(): void {
    this.#phase = "none";
  }
}
