/**
 * When good-till-date orders end: a binary heap of (time, OrderID). An order that closes earlier leaves its entry
 * behind, so that a cancel stays O(1); stale entries go when their time comes, or when the book, finding that they
 * prevail, fills the queue anew.
 */

const FIRST_CAPACITY = 8;

export class ExpiryQueue {
  #times = new Float64Array(FIRST_CAPACITY);
  #orderIds = new Float64Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Remembers that an order ends at `time`. */
  add(time: number, orderId: number): void {
    if (this.#size === this.#times.length) this.#grow();
    this.#size += 1;
    this.#siftUp(this.#size - 1, time, orderId);
  }

  /** The earliest time; undefined when nothing is queued. */
  get earliest(): number | undefined {
    return this.#size === 0 ? undefined : this.#times[0];
  }

  /** Takes out the entry of {@link earliest} and returns its OrderID. */
  take(): number {
    const orderId = this.#orderIds[0]!;
    this.#size -= 1;
    if (this.#size > 0) this.#siftDown(0, this.#times[this.#size]!, this.#orderIds[this.#size]!);
    return orderId;
  }

  clear(): void {
    this.#size = 0;
  }

  #siftUp(from: number, time: number, orderId: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#put(place, this.#times[parent]!, this.#orderIds[parent]!);
      place = parent;
    }
    this.#put(place, time, orderId);
  }

  #siftDown(from: number, time: number, orderId: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#times[child + 1]! < this.#times[child]!) child += 1;
      if (this.#times[child]! >= time) break;
      this.#put(place, this.#times[child]!, this.#orderIds[child]!);
      place = child;
    }
    this.#put(place, time, orderId);
  }

  #put(place: number, time: number, orderId: number): void {
    this.#times[place] = time;
    this.#orderIds[place] = orderId;
  }

  #grow(): void {
    const [times, orderIds] = [this.#times, this.#orderIds];
    this.#times = new Float64Array(times.length * 2);
    this.#times.set(times);
    this.#orderIds = new Float64Array(times.length * 2);
    this.#orderIds.set(orderIds);
  }
}
