/** Why the core refused, ended or restated an order: codes for its records, texts for people. */

export const NO_REASON = 0;
export const POST_ONLY_WOULD_TRADE = 1;
export const TOO_MANY_STOPS = 2;
export const NO_LIQUIDITY = 3;
export const FULL_QUANTITY_UNAVAILABLE = 4;
export const MIN_QTY_UNAVAILABLE = 5;
export const TRADING_DAY_ENDED = 6;
export const EXPIRE_TIME_REACHED = 7;
export const SELF_TRADE = 8;
export const ICEBERG_REFRESH = 9;
export const PRICE_SLIDE = 10;
export const TOO_MANY_SLICES = 11;

/** Text (58) of a reason. A market order is limited by its protection price. */
export function reasonText(reason: number, isMarket: boolean): string {
  const limit = isMarket ? 'protection price' : 'limit';
  switch (reason) {
    case POST_ONLY_WOULD_TRADE:
      return 'post-only: the order would have traded at once';
    case TOO_MANY_STOPS:
      return 'the book holds as many waiting stop orders as it may';
    case TOO_MANY_SLICES:
      return 'the icebergs of the book hide as many slices (MaxFloor) as they may';
    case NO_LIQUIDITY:
      return `no more liquidity at or within the ${limit}`;
    case FULL_QUANTITY_UNAVAILABLE:
      return `the full quantity is not available at or within the ${limit}`;
    case MIN_QTY_UNAVAILABLE:
      return `MinQty is not available at or within the ${limit}`;
    case TRADING_DAY_ENDED:
      return 'the trading day has ended';
    case EXPIRE_TIME_REACHED:
      return 'the expire time has been reached';
    case SELF_TRADE:
      return 'self-trade prevention';
    case ICEBERG_REFRESH:
      return 'the next slice of MaxFloor is displayed';
    case PRICE_SLIDE:
      return 'post-only: re-priced behind the best opposite price';
    default:
      return '';
  }
}
