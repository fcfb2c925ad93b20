/** Times gathered without a bucket: exact percentiles of everything that was measured. */
import type { Percentiles } from './client-plan.ts';

const FIRST_CAPACITY = 65_536;

/** Grows as needed; a sample costs eight bytes. */
export class Samples {
  #values = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  /** Takes one time, in milliseconds. */
  add(valueMs: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count] = valueMs;
    this.#count += 1;
  }

  /** The percentiles by nearest rank; all 0 when there is no sample. */
  percentiles(): Percentiles {
    const sorted = this.#values.slice(0, this.#count).sort();
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return {
      count: sorted.length,
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      p999: at(0.999),
      max: at(1),
    };
  }
}
