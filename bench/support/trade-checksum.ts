/** A fingerprint of trades in their order, so that contenders can be seen to have traded alike. */
export class TradeChecksum {
  #lane = 0x811c9dc5;
  tradeCount = 0;

  add(makerOrderId: number, takerOrderId: number, price: number, quantity: number): void {
    let lane = this.#lane;
    lane = Math.imul(lane ^ makerOrderId, 0x01000193);
    lane = Math.imul(lane ^ takerOrderId, 0x01000193);
    lane = Math.imul(lane ^ price, 0x01000193);
    this.#lane = Math.imul(lane ^ quantity, 0x01000193);
    this.tradeCount += 1;
  }

  /** Eight hexadecimal digits. */
  digest(): string {
    return (this.#lane >>> 0).toString(16).padStart(8, '0');
  }
}
