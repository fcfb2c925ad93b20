/**
 * Which orders are sent: eight of ten rest at one of some prices around a middle that stands still, two cross
 * everything that rests on the other side and take exactly one order of it. Buys and sells are balanced within
 * every ten, so that a crossing order always finds its counterpart and a run makes as many trades as it sent
 * crossing orders.
 */

/** One order of the flow; all have the same quantity. */
export interface FlowOrder {
  /** Side (54): 1 buy, 2 sell. */
  readonly side: 1 | 2;
  /** Price (44) in ticks. */
  readonly priceTicks: number;
  /** Whether it trades at once. */
  readonly isCrossing: boolean;
}

/** The instrument of the flow, as the admin API takes it. */
export const INSTRUMENT = {
  symbol: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.01',
  lot: '0.0001',
} as const;
/** OrderQty (38) of every order. */
export const ORDER_QTY = '0.0100';
/** Digits of a price after the point, as the tick has them. */
export const PRICE_DECIMALS = 2;

const MIDDLE_TICKS = 5_000_000;
const LEVEL_TICKS = 10;
const LEVEL_COUNT = 20;

/** Buy, sell; upper case crosses. */
const PATTERN = 'bsbsBsbsbS';

/** The orders of one session, always the same for the same seed. */
export class OrderFlow {
  #position = 0;
  #state: number;

  /** `seed` is a positive integer. */
  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b9) | 1;
  }

  /** The next order. */
  next(): FlowOrder {
    const kind = PATTERN[this.#position % PATTERN.length];
    this.#position += 1;
    const isCrossing = kind === 'B' || kind === 'S';
    const side = kind === 'b' || kind === 'B' ? 1 : 2;
    const level = isCrossing ? LEVEL_COUNT : 1 + this.#draw(LEVEL_COUNT);
    // A resting buy stands below the middle, a crossing one reaches up to the last price of the sells.
    const isBelow = (side === 1) !== isCrossing;
    const distance = level * LEVEL_TICKS;
    return { side, isCrossing, priceTicks: isBelow ? MIDDLE_TICKS - distance : MIDDLE_TICKS + distance };
  }

  /** xorshift32, below `bound`. */
  #draw(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }
}
