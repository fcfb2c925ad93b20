/** Turns a wish of the script into what the member sends, given what it has sent before. */
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { BUY, SELL, type Side } from '../../src/matching/types.ts';
import type { MemberEngine } from './member.ts';
import type { OrderKind, Wish } from './script.ts';
import type { WireCommand } from './wire.ts';

/** What names an order of the member: its D, or a replace of it. */
type Naming = Extract<WireCommand, { readonly type: 'NewOrderSingle' | 'OrderCancelReplaceRequest' }>;

/** The command that the member sends for the wish. */
export function commandOf(wish: Wish, member: MemberEngine, id: string, now: number): WireCommand {
  const named = orderNamed(wish, member);
  switch (named === undefined ? 'new' : wish.kind) {
    case 'cancel': {
      const { clOrdId: origClOrdId, symbol, side } = named as Naming;
      const common = { origClOrdId, orderId: undefined, symbol, side, mayBeRepeat: false } as const;
      return { type: 'OrderCancelRequest', clOrdId: id, ...common };
    }
    case 'replace':
      return replaceOf(wish, named as Naming, id);
    case 'status': {
      const { clOrdId, symbol, side } = named as Naming;
      return { type: 'OrderStatusRequest', clOrdId, orderId: undefined, symbol, side, ordStatusReqId: id };
    }
    case 'mass status':
      return { type: 'OrderMassStatusRequest', massStatusReqId: id, ...someOrAll(wish) };
    case 'mass cancel':
      return { type: 'OrderMassCancelRequest', clOrdId: id, ...someOrAll(wish), mayBeRepeat: false };
    case 'duplicate':
      return { ...newOrder(wish, id, now), clOrdId: (named as Naming).clOrdId };
    case 'unsupported': {
      const { symbol, quantity } = wish;
      const order = {
        clOrdId: id,
        origClOrdId: undefined,
        symbol,
        side: sideOf(wish),
        orderQty: `${quantity}`,
      };
      return { type: 'UnsupportedRequest', msgType: 'D', ...order, reason: 99, text: 'not offered' };
    }
    default:
      return newOrder(wish, id, now);
  }
}

/** One of the member's own ids, more likely a late one, and mostly one of which it has heard no end. */
function orderNamed({ which, quantity }: Wish, member: MemberEngine): Naming | undefined {
  const naming: Naming[] = [];
  for (const { command } of member.requests.values()) {
    if (command.type !== 'NewOrderSingle' && command.type !== 'OrderCancelReplaceRequest') continue;
    if (quantity === 1 || !member.hasEnded(command.clOrdId)) naming.push(command);
  }
  return naming[Math.floor(Math.sqrt(which) * naming.length)];
}

function sideOf({ isBuy }: Wish): Side {
  return isBuy ? BUY : SELL;
}

function someOrAll(wish: Wish): { readonly symbol: string | undefined; readonly side: Side | undefined } {
  return {
    symbol: wish.which < 0.4 ? wish.symbol : undefined,
    side: wish.quantity < 3 ? sideOf(wish) : undefined,
  };
}

function newOrder(wish: Wish, clOrdId: string, now: number): NewOrderSingle {
  const { symbol, price, quantity, selfTrade } = wish;
  return {
    type: 'NewOrderSingle',
    clOrdId,
    symbol,
    side: sideOf(wish),
    ordType: '2',
    timeInForce: wish.which < 0.5 ? '0' : '1',
    orderQty: `${quantity}`,
    price: `${price}`,
    mayBeRepeat: false,
    ...(selfTrade === undefined ? {} : { selfTradePrevention: selfTrade }),
    ...kindOf(wish, wish.orderKind, now),
  };
}

function kindOf(wish: Wish, kind: OrderKind, now: number): Partial<NewOrderSingle> {
  const stopPx = `${wish.stopPx}`;
  switch (kind) {
    case 'limit':
      return {};
    case 'market':
      return { ordType: '1', price: undefined, timeInForce: wish.which < 0.5 ? '0' : '3' };
    case 'ioc':
      return { timeInForce: '3' };
    case 'fok':
      return { timeInForce: '4' };
    case 'stop':
      return { ordType: '3', price: undefined, stopPx };
    case 'stop limit':
      return { ordType: '4', stopPx };
    case 'post-only':
      return { execInst: '6' };
    case 'iceberg':
      return { maxFloor: '1' };
    case 'good till date':
      return { timeInForce: '6', expireTime: now + wish.quantity * 1_500 };
    case 'min qty':
      return { minQty: '2' };
    case 'all or none':
      return { timeInForce: '3', execInst: 'G' };
  }
}

function replaceOf(wish: Wish, named: Naming, clOrdId: string): WireCommand {
  const { clOrdId: origClOrdId, symbol, side, ordType, stopPx } = named;
  return {
    type: 'OrderCancelReplaceRequest',
    clOrdId,
    origClOrdId,
    orderId: undefined,
    symbol,
    side,
    ordType,
    timeInForce: undefined,
    orderQty: `${wish.quantity}`,
    price: named.price === undefined ? undefined : `${wish.price}`,
    mayBeRepeat: false,
    ...(stopPx === undefined || wish.which < 0.5 ? {} : { stopPx: `${wish.stopPx}` }),
  };
}
