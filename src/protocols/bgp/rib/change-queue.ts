/** What can wait in one queue at a time. */
export interface Queued {
  queuedIn: ChangeQueue<Queued> | undefined;
}

/** Below this many, slots left behind are not worth looking for. */
const leastSlots = 64;

/**
 * First in, first out, and each may leave from the middle: it leaves its slot behind, which is passed over later. A `Set`
 * would do the same, but shrinks as it is emptied, copying what is left each time.
 */
export class ChangeQueue<Item extends Queued> {
  #slots: Item[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first that still waits. */
  peek(): Item | undefined {
    for (; this.#head < this.#slots.length; this.#head++) {
      const item = this.#slots[this.#head];
      if (item?.queuedIn === this) return item;
    }
    return undefined;
  }

  /** `item` must wait nowhere. */
  push(item: Item): void {
    item.queuedIn = this;
    this.#slots.push(item);
    this.#size += 1;
  }

  /** `item` must wait here. */
  remove(item: Item): void {
    item.queuedIn = undefined;
    this.#size -= 1;
    if (this.#size === 0) this.#keep([]);
    else if (this.#slots.length - this.#head > 2 * this.#size + leastSlots) {
      // One that has left and come again has two slots, of which the first counts.
      this.#keep([...new Set(this.#slots.slice(this.#head).filter(({ queuedIn }) => queuedIn === this))]);
    }
  }

  #keep(slots: Item[]): void {
    this.#slots = slots;
    this.#head = 0;
  }
}
