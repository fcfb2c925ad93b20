/**
 * The book's rules written for the reader: one array of immutable orders, searched with filters and sorts. Slow
 * and plain, so that the real book can be compared with it at every step.
 */
import {
  type AmendTrade,
  type BookCommand,
  type BookEvent,
  BUY,
  type CommandOutcome,
  type EnterOrder,
  type ExpireOrders,
  lots,
  type MassCancelOrders,
  type OrderId,
  type OrderRestated,
  type OrderSnapshot,
  type ReplaceOrder,
  SELL,
  type Side,
  type Ticks,
  type TradeId,
  ticks,
  type UnsolicitedCancel,
} from '../../src/matching/types.ts';
import {
  amended,
  behind,
  ended,
  filled,
  hiddenSlicesOf,
  isOwn,
  isStop,
  isWaiting,
  limitName,
  reaches,
  shownOf,
  stopPxOf,
  withNewEnd,
  withSlice,
  withSliceAtMost,
} from './naive-orders.ts';

const SELF_TRADE: UnsolicitedCancel = { execRestatementReason: 8, text: 'self-trade prevention' };

export class NaiveBook {
  readonly #symbol: string;
  readonly #nextTradeId: () => TradeId;
  readonly #maxWaitingStops: number;
  readonly #maxHiddenSlices: number;
  /** Open orders, waiting stop orders among them, in no particular order. */
  orders: readonly OrderSnapshot[] = [];
  lastSeq = 0;
  lastPx: Ticks | undefined;
  #at = 0;
  #events: BookEvent[] = [];
  /** Stop orders that a trade of this command has reached and that have not run. */
  #reached: readonly OrderSnapshot[] = [];

  constructor(
    symbol: string,
    nextTradeId: () => TradeId,
    maxWaitingStops = 10_000,
    maxHiddenSlices = 20_000,
  ) {
    this.#symbol = symbol;
    this.#nextTradeId = nextTradeId;
    this.#maxWaitingStops = maxWaitingStops;
    this.#maxHiddenSlices = maxHiddenSlices;
  }

  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome {
    this.#at = at;
    this.#events = events;
    const outcome = this.#carryOut(command);
    this.#runReached();
    return outcome;
  }

  byPriority(): OrderSnapshot[] {
    return [...this.orders].sort((a, b) => a.priority - b.priority);
  }

  /** The resting orders of one side as they would trade: best price first, then oldest. */
  queue(side: Side): OrderSnapshot[] {
    const better = (a: OrderSnapshot, b: OrderSnapshot) =>
      side === BUY ? b.price - a.price : a.price - b.price;
    return this.byPriority()
      .filter((order) => order.side === side && !isWaiting(order))
      .sort(better);
  }

  depth(side: Side): { price: Ticks; quantity: bigint; orderCount: number }[] {
    const queue = this.queue(side);
    return [...new Set(queue.map((order) => order.price))].map((price) => {
      const level = queue.filter((order) => order.price === price);
      const quantity = level.reduce((sum, order) => sum + BigInt(shownOf(order)), 0n);
      return { price, quantity, orderCount: level.length };
    });
  }

  #carryOut(command: BookCommand): CommandOutcome {
    switch (command.type) {
      case 'EnterOrder':
        return this.#enter(command);
      case 'CancelOrder':
        return this.#cancel(command.orderId, command.clOrdId, command.unsolicited);
      case 'ReplaceOrder':
        return this.#replace(command);
      case 'ExpireOrders':
        return this.#expireDue(command);
      case 'MassCancelOrders':
        return this.#massCancel(command);
      case 'AmendTrade':
        return this.#amend(command);
    }
  }

  #enter(command: EnterOrder): CommandOutcome {
    const { type: _, ...terms } = command;
    const seq = this.#seq();
    const order = withSlice({
      ...terms,
      symbol: this.#symbol,
      cumQty: lots(0),
      leavesQty: command.quantity,
      cumNotional: 0n,
      ordStatus: '0',
      priority: seq,
      acceptedSeq: seq,
      enteredAt: this.#at,
    });
    const refusal = this.#refusalOf(order);
    if (refusal !== undefined) {
      const rejected = withSlice({ ...order, leavesQty: lots(0), ordStatus: '8' });
      this.#events.push({ type: 'OrderRejected', order: rejected, ...refusal, seq, at: this.#at });
      return 'Done';
    }
    this.#events.push({ type: 'OrderAccepted', order, seq, at: this.#at });
    if (isStop(order)) this.#arm(order);
    else if (this.#hasEnough(order)) this.#run(this.#slide(order));
    return 'Done';
  }

  #refusalOf(order: OrderSnapshot): { ordRejReason: number; text: string } | undefined {
    if (isStop(order)) {
      if (this.orders.filter(isWaiting).length >= this.#maxWaitingStops)
        return { ordRejReason: 3, text: 'the book holds as many waiting stop orders as it may' };
    } else if (this.#mayNotTrade(order, order.price)) {
      return { ordRejReason: 99, text: 'post-only: the order would have traded at once' };
    }
    if (!this.#hidesTooMuch(order)) return undefined;
    const text = 'the icebergs of the book hide as many slices (MaxFloor) as they may';
    return { ordRejReason: 3, text };
  }

  /** Whether icebergs would hide too many slices with this order in the book, in place of the one of its OrderID. */
  #hidesTooMuch(order: OrderSnapshot): boolean {
    const [before] = this.orders.filter(({ orderId }) => orderId === order.orderId).map(hiddenSlicesOf);
    if (hiddenSlicesOf(order) <= (before ?? 0)) return false;
    const others = this.orders.filter(({ orderId }) => orderId !== order.orderId);
    return [...others, order].reduce((sum, one) => sum + hiddenSlicesOf(one), 0) > this.#maxHiddenSlices;
  }

  /** Whether a post-only order would trade at this price and cannot be moved away from there. */
  #mayNotTrade(order: OrderSnapshot, price: Ticks): boolean {
    if (order.execInst !== '6') return false;
    const [opposite] = this.#tradable({ ...order, price });
    if (opposite === undefined || order.slides !== true) return opposite !== undefined;
    return behind(opposite) < 1 || behind(opposite) > Number.MAX_SAFE_INTEGER;
  }

  #slide(order: OrderSnapshot): OrderSnapshot {
    const [opposite] = this.#tradable(order);
    if (order.execInst !== '6' || opposite === undefined) return order;
    const slid = { ...order, price: ticks(behind(opposite)) };
    this.#restate(slid, 'PriceSlide', order.price, 0);
    return slid;
  }

  /** Expires an order that asks for more at once than would surely trade. */
  #hasEnough(order: OrderSnapshot): boolean {
    const wantsAll = order.timeInForce === '4' || order.execInst === 'G';
    const least = wantsAll ? order.quantity : (order.minQty ?? 0);
    if (this.#sureQuantity(order) >= BigInt(least)) return true;
    const what = wantsAll ? 'the full quantity' : 'MinQty';
    this.#expire(order, `${what} is not available at or within the ${limitName(order)}`);
    return false;
  }

  /**
   * What an order would trade with other users' orders, played through slice by slice; it ends at an own one, unless
   * that would be cancelled or takes off less than all of it.
   */
  #sureQuantity(order: OrderSnapshot): bigint {
    let queue = this.#tradable(order);
    let wanted = BigInt(order.leavesQty);
    let sum = 0n;
    for (let maker = queue[0]; maker !== undefined && wanted > 0n; maker = queue[0]) {
      const others = queue.slice(1);
      if (isOwn(order, maker)) {
        const mode = order.selfTradePrevention;
        if (mode === 'CancelNewest' || mode === 'CancelBoth') return sum;
        if (mode === 'Decrement') wanted -= BigInt(maker.leavesQty);
        queue = others;
        continue;
      }
      const shown = BigInt(shownOf(maker));
      const traded = shown < wanted ? shown : wanted;
      sum += traded;
      wanted -= traded;
      const left = lots(maker.leavesQty - shownOf(maker));
      const { price } = maker;
      const again = left > 0 ? [withSlice({ ...maker, leavesQty: left })] : [];
      const level = others.filter((other) => other.price === price);
      queue = [...level, ...again, ...others.filter((other) => other.price !== price)];
    }
    return sum;
  }

  /** Trades an order; what is left rests if it may. */
  #run(order: OrderSnapshot): void {
    const rest = this.#trade(order);
    if (rest.leavesQty === 0) return;
    const isMomentary = rest.timeInForce === '3' || rest.timeInForce === '4';
    if (rest.ordType === '1' || rest.ordType === '3' || isMomentary)
      this.#expire(rest, `no more liquidity at or within the ${limitName(rest)}`);
    else this.orders = [...this.orders, rest];
  }

  #trade(order: OrderSnapshot): OrderSnapshot {
    let taker = order;
    while (taker.leavesQty > 0) {
      const [resting] = this.#tradable(taker);
      if (resting === undefined) break;
      if (isOwn(taker, resting)) taker = this.#preventSelfTrade(taker, resting);
      else taker = this.#tradeWith(taker, resting);
    }
    return taker;
  }

  #tradeWith(order: OrderSnapshot, resting: OrderSnapshot): OrderSnapshot {
    const { price } = resting;
    const shown = shownOf(resting);
    const quantity = lots(Math.min(shown, order.leavesQty));
    const plainMaker = filled(resting, price, quantity);
    const maker =
      resting.maxFloor === undefined ? plainMaker : { ...plainMaker, displayedQty: lots(shown - quantity) };
    const taker = withSlice(filled(order, price, quantity));
    this.#put(maker);
    this.#events.push({
      type: 'TradeExecuted',
      tradeId: this.#nextTradeId(),
      symbol: this.#symbol,
      price,
      quantity,
      maker,
      taker,
      makerSeq: this.#seq(),
      takerSeq: this.#seq(),
      at: this.#at,
    });
    if (maker.leavesQty > 0 && shownOf(maker) === 0) {
      const fresh = withSlice({ ...maker, priority: this.lastSeq + 1 });
      this.#put(fresh);
      this.#restate(fresh, 'IcebergRefresh', fresh.price, 0);
    }
    this.lastPx = price;
    this.#reach(price);
    return taker;
  }

  /** Returns the incoming order as it is afterwards. */
  #preventSelfTrade(taker: OrderSnapshot, resting: OrderSnapshot): OrderSnapshot {
    switch (taker.selfTradePrevention) {
      case 'CancelNewest':
        return this.#cancelNow(taker);
      case 'CancelOldest':
        this.#put(this.#cancelNow(resting));
        return taker;
      case 'CancelBoth':
        this.#put(this.#cancelNow(resting));
        return this.#cancelNow(taker);
      default: {
        const quantity = Math.min(taker.leavesQty, resting.leavesQty);
        this.#put(this.#decrement(resting, quantity));
        return withSlice(this.#decrement(taker, quantity));
      }
    }
  }

  #cancelNow(order: OrderSnapshot): OrderSnapshot {
    const canceled = ended(order, '4');
    this.#events.push({
      type: 'OrderCanceled',
      order: canceled,
      canceledQty: order.leavesQty,
      requestClOrdId: undefined,
      unsolicited: SELF_TRADE,
      seq: this.#seq(),
      at: this.#at,
    });
    return canceled;
  }

  #decrement(order: OrderSnapshot, quantity: number): OrderSnapshot {
    if (order.leavesQty === quantity) return this.#cancelNow(order);
    const leavesQty = lots(order.leavesQty - quantity);
    const less = { ...order, quantity: lots(order.quantity - quantity), leavesQty };
    const isResting = this.orders.some(({ orderId }) => orderId === order.orderId);
    const shown = lots(Math.min(shownOf(order), leavesQty));
    const restated =
      isResting && order.maxFloor !== undefined ? { ...less, displayedQty: shown } : withSlice(less);
    this.#restate(restated, 'SelfTradeDecrement', order.price, quantity);
    return restated;
  }

  #restate(
    order: OrderSnapshot,
    reason: OrderRestated['reason'],
    priceBefore: Ticks,
    decrementedQty: number,
  ): void {
    const execRestatementReason = { IcebergRefresh: 8, PriceSlide: 3, SelfTradeDecrement: 5 }[reason];
    this.#events.push({
      type: 'OrderRestated',
      reason,
      execRestatementReason,
      order,
      priceBefore,
      decrementedQty: lots(decrementedQty),
      seq: this.#seq(),
      at: this.#at,
    });
  }

  /** A stop order waits, unless the last trade has already reached it. */
  #arm(order: OrderSnapshot): void {
    if (this.lastPx !== undefined && reaches(this.lastPx, order)) this.#reached = [...this.#reached, order];
    else this.orders = [...this.orders, order];
  }

  /** A trade reaches buyers' stops from the lowest on, then sellers' from the highest on; at one price the oldest first. */
  #reach(price: Ticks): void {
    const hit = this.byPriority().filter((order) => isWaiting(order) && reaches(price, order));
    const buys = hit.filter(({ side }) => side === BUY).sort((a, b) => stopPxOf(a) - stopPxOf(b));
    const sells = hit.filter(({ side }) => side === SELL).sort((a, b) => stopPxOf(b) - stopPxOf(a));
    this.orders = this.orders.filter((order) => !hit.includes(order));
    this.#reached = [...this.#reached, ...buys, ...sells];
  }

  #runReached(): void {
    for (let [order] = this.#reached; order !== undefined; [order] = this.#reached) {
      this.#reached = this.#reached.slice(1);
      const seq = this.#seq();
      const triggered: OrderSnapshot = { ...order, triggered: true, priority: seq };
      const triggerPx = this.lastPx ?? ticks(1);
      this.#events.push({ type: 'OrderTriggered', order: triggered, triggerPx, seq, at: this.#at });
      this.#run(triggered);
    }
  }

  #cancel(
    orderId: OrderId,
    requestClOrdId: string | undefined,
    unsolicited: UnsolicitedCancel | undefined,
  ): CommandOutcome {
    const order = this.#take(orderId);
    if (order === undefined) return 'NoSuchOrder';
    this.#events.push({
      type: 'OrderCanceled',
      order: ended(order, '4'),
      canceledQty: order.leavesQty,
      requestClOrdId,
      unsolicited,
      seq: this.#seq(),
      at: this.#at,
    });
    return 'Done';
  }

  #massCancel({ userId, side, clOrdId, unsolicited, atMost }: MassCancelOrders): CommandOutcome {
    const meant = this.byPriority().filter(
      (order) => (userId ?? order.userId) === order.userId && (side ?? order.side) === order.side,
    );
    for (const order of meant.slice(0, atMost)) this.#cancel(order.orderId, clOrdId, unsolicited);
    return meant.length > (atMost ?? meant.length) ? 'Unfinished' : 'Done';
  }

  #replace(command: ReplaceOrder): CommandOutcome {
    const before = this.orders.find(({ orderId }) => orderId === command.orderId);
    if (before === undefined) return 'NoSuchOrder';
    const isFilled = command.quantity <= before.cumQty;
    if (!isFilled && !isWaiting(before) && this.#mayNotTrade(before, command.price)) return 'WouldTrade';
    const seq = this.lastSeq + 1;
    const quantity = lots(Math.max(command.quantity, before.cumQty));
    const leavesQty = lots(quantity - before.cumQty);
    const amended: OrderSnapshot = {
      ...withNewEnd(before, command),
      ...(command.maxFloor === undefined ? {} : { maxFloor: command.maxFloor }),
      ...(command.stopPx === undefined || !isWaiting(before) ? {} : { stopPx: command.stopPx }),
      clOrdId: command.clOrdId,
      price: command.price,
      quantity,
      leavesQty,
      ordStatus: leavesQty === 0 ? '2' : before.cumQty > 0 ? '1' : '0',
    };
    const showsMore = before.maxFloor !== undefined && (amended.maxFloor ?? 0) > before.maxFloor;
    const isElsewhere = amended.price !== before.price || amended.stopPx !== before.stopPx;
    const losesPriority = leavesQty > 0 && (isElsewhere || quantity > before.quantity || showsMore);
    const order = losesPriority ? withSlice({ ...amended, priority: seq }) : withSliceAtMost(amended, before);
    if (!isFilled && this.#hidesTooMuch(order)) return 'TooManySlices';
    this.#take(before.orderId);
    this.#seq();
    this.#events.push({
      type: 'OrderReplaced',
      order,
      before,
      origClOrdId: before.clOrdId,
      seq,
      at: this.#at,
    });
    if (order.leavesQty === 0) return 'Done';
    if (!losesPriority) this.orders = [...this.orders, order];
    else if (isWaiting(order)) this.#arm(order);
    else this.#run(this.#slide(order));
    return 'Done';
  }

  /** A busted trade is as if it had not been, except that nothing returns to the book. */
  #amend({ type: _, maker, taker, ...terms }: AmendTrade): CommandOutcome {
    const stands = (order: OrderSnapshot) => this.orders.find(({ orderId }) => orderId === order.orderId);
    const parties = [maker, taker].map((order) => stands(order) ?? order);
    // Whoever was open when the trade was read is either here or no longer as it was read.
    if (parties.some((order) => order.leavesQty > 0 && stands(order) === undefined)) return 'NoSuchOrder';
    const [amendedMaker, amendedTaker] = parties.map((order) => amended(order, terms)) as [
      OrderSnapshot,
      OrderSnapshot,
    ];
    for (const order of [amendedMaker, amendedTaker]) if (stands(order) !== undefined) this.#put(order);
    this.#events.push({
      type: 'TradeAmended',
      ...terms,
      symbol: this.#symbol,
      maker: amendedMaker,
      taker: amendedTaker,
      makerSeq: this.#seq(),
      takerSeq: this.#seq(),
      at: this.#at,
    });
    return 'Done';
  }

  #expireDue({ tradingDay, upTo, atMost }: ExpireOrders): CommandOutcome {
    const all = this.byPriority().filter(({ timeInForce, tradingDay: day, expireTime }) => {
      if (timeInForce === '0') return day < tradingDay;
      return timeInForce === '6' && upTo !== undefined && expireTime !== undefined && expireTime <= upTo;
    });
    const due = all.slice(0, atMost);
    this.orders = this.orders.filter((order) => !due.includes(order));
    for (const order of due) {
      const isDay = order.timeInForce === '0';
      this.#expire(order, isDay ? 'the trading day has ended' : 'the expire time has been reached');
    }
    return all.length > due.length ? 'Unfinished' : 'Done';
  }

  /** The resting orders that would trade with an order, in their turn. */
  #tradable({ side, price }: OrderSnapshot): OrderSnapshot[] {
    if (side === BUY) return this.queue(SELL).filter((maker) => maker.price <= price);
    return this.queue(BUY).filter((maker) => maker.price >= price);
  }

  #expire(order: OrderSnapshot, text: string): void {
    this.#events.push({
      type: 'OrderExpired',
      order: ended(order, 'C'),
      expiredQty: order.leavesQty,
      text,
      seq: this.#seq(),
      at: this.#at,
    });
  }

  /** Replaces a resting order by its new state; what has nothing left is gone. */
  #put(order: OrderSnapshot): void {
    this.#take(order.orderId);
    if (order.leavesQty > 0) this.orders = [...this.orders, order];
  }

  #take(orderId: OrderId): OrderSnapshot | undefined {
    const order = this.orders.find((candidate) => candidate.orderId === orderId);
    this.orders = this.orders.filter((candidate) => candidate !== order);
    return order;
  }

  #seq(): number {
    this.lastSeq += 1;
    return this.lastSeq;
  }
}
