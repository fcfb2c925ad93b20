/**
 * A fingerprint of text for comparing books: after recovery, against a model, between two runs. It is quick and
 * finds bugs; it does not withstand someone who looks for a collision.
 */

/** Two FNV-1a lanes of 32 bits with different multipliers over the UTF-16 units of what was added. */
export class StateHash {
  #low = 0x811c9dc5;
  #high = 0x01000193;

  add(text: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit ^ (high >>> 15), 0x85ebca6b);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
