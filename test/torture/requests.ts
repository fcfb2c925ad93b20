/**
 * What a member of a torture run asks for, from a seed: orders of every kind, cancels, replaces, mass cancels and
 * questions, in the words of the version that it speaks. Most of it is good; some is more than it owns, or names what
 * is long gone.
 */
import {
  NEW_ORDER_SINGLE,
  ORDER_CANCEL_REPLACE_REQUEST,
  ORDER_CANCEL_REQUEST,
} from '../../src/fix/messages/order-entry.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { typedTags } from '../../src/fix/typed-messages.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import type { Random } from '../support/random.ts';

const ORDER = typedTags(NEW_ORDER_SINGLE);
const CANCEL = typedTags(ORDER_CANCEL_REQUEST);
const REPLACE = typedTags(ORDER_CANCEL_REPLACE_REQUEST);

/** A request but for the times in it, which are those of its sending. */
export interface ScriptedRequest {
  readonly msgType: string;
  /** ClOrdID (11) of a D, F, G or q; MassStatusReqID (584) of an AF; undefined for an H. */
  readonly id: string | undefined;
  readonly fields: Readonly<Record<number, string>>;
  /** ExpireTime (126): so long after it is sent, ms. */
  readonly expiresInMs?: number;
}

/** An order that later requests may name. */
interface Named {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: '1' | '2';
  readonly ordType: string;
  readonly timeInForce: string;
}

/** Requests name one of so many orders that were sent last. */
const NAMES_KEPT = 40;
/** AllOrders of MassCancelRequestType (530) and MassStatusReqType (585), and those of one instrument. */
const OF_ALL = '7';
const OF_SYMBOL = '1';

/** The requests of one member. Who draws when is all that decides them. */
export class RandomRequests {
  readonly #name: string;
  readonly #version: FixVersion;
  readonly #symbols: readonly string[];
  readonly #names: Named[] = [];
  #lastNo = 0;

  constructor(name: string, version: FixVersion, symbols: readonly string[]) {
    this.#name = name;
    this.#version = version;
    this.#symbols = symbols;
  }

  next(random: Random): ScriptedRequest {
    this.#lastNo += 1;
    const id = `${this.#name}-${this.#lastNo}`;
    const draw = random.next();
    const named = this.#names.length === 0 ? undefined : random.pick(this.#names.slice(-NAMES_KEPT));
    if (named === undefined || draw < 0.7) return this.#newOrder(id, random);
    if (draw < 0.81) return cancel(id, named);
    if (draw < 0.93) return this.#replace(id, named, random);
    if (draw < 0.97) return this.#status(named);
    if (this.#version === 'FIX.4.2') return this.#status(named);
    return draw < 0.985 ? this.#massCancel(id, random) : massStatus(id);
  }

  #newOrder(id: string, random: Random): ScriptedRequest {
    const symbol = random.pick(this.#symbols);
    const side = random.pick(['1', '2'] as const);
    const ordType = random.pick(['1', '2', '2', '2', '2', '2', '2', '2', '3', '4'] as const);
    const isStop = ordType === '3' || ordType === '4';
    const timeInForce = timeInForceOf(ordType, random);
    const isMomentary = timeInForce === '3' || timeInForce === '4';
    // One in a hundred is beyond what any member owns.
    const orderQty = random.chance(0.01) ? '900000' : quantity(random);
    const fields: Record<number, string> = {
      [ORDER.ClOrdID]: id,
      [ORDER.HandlInst]: '1',
      [ORDER.Symbol]: symbol,
      [ORDER.Side]: side,
      [ORDER.OrderQty]: orderQty,
      [ORDER.OrdType]: ordType,
      [ORDER.TimeInForce]: timeInForce,
    };
    if (ordType === '2' || ordType === '4') fields[ORDER.Price] = price(random);
    if (isStop) fields[ORDER.StopPx] = price(random);
    if (!isStop && isMomentary && random.chance(0.2)) fields[ORDER.ExecInst] = 'G';
    if (ordType === '2' && !isMomentary && random.chance(0.15)) fields[ORDER.ExecInst] = '6';
    const mayHaveMinQty = !isStop && fields[ORDER.ExecInst] === undefined;
    if (mayHaveMinQty && random.chance(0.1)) fields[ORDER.MinQty] = '0.05';
    const mayBeIceberg = (ordType === '2' || ordType === '4') && !isMomentary;
    if (mayBeIceberg && random.chance(0.15)) fields[ORDER.MaxFloor] = smallQuantity(random);
    if (random.chance(0.3)) fields[ORDER.SelfMatchPreventionMode] = `${random.integer(0, 4)}`;
    if (random.chance(0.1)) fields[ORDER.SelfMatchPreventionID] = `${random.integer(1, 2)}`;
    if (random.chance(0.1)) fields[ORDER.Account] = 'desk 1';
    this.#names.push({ clOrdId: id, symbol, side, ordType, timeInForce });
    if (timeInForce !== '6') return { msgType: MSG_TYPE.NewOrderSingle, id, fields };
    return { msgType: MSG_TYPE.NewOrderSingle, id, fields, expiresInMs: random.integer(200, 8_000) };
  }

  #replace(id: string, named: Named, random: Random): ScriptedRequest {
    const { ordType } = named;
    const fields: Record<number, string> = {
      [REPLACE.ClOrdID]: id,
      [REPLACE.OrigClOrdID]: named.clOrdId,
      [REPLACE.HandlInst]: '1',
      [REPLACE.Symbol]: named.symbol,
      [REPLACE.Side]: named.side,
      [REPLACE.OrdType]: ordType,
      [REPLACE.TimeInForce]: named.timeInForce,
      [REPLACE.OrderQty]: quantity(random),
    };
    if (ordType === '2' || ordType === '4') fields[REPLACE.Price] = price(random);
    if (ordType === '3' || ordType === '4') fields[REPLACE.StopPx] = price(random);
    this.#names.push({ ...named, clOrdId: id });
    const request = { msgType: MSG_TYPE.OrderCancelReplaceRequest, id, fields };
    const endsAnew = named.timeInForce === '6' && random.chance(0.5);
    return endsAnew ? { ...request, expiresInMs: random.integer(200, 8_000) } : request;
  }

  #massCancel(id: string, random: Random): ScriptedRequest {
    const ofSymbol = random.chance(0.6);
    const side = random.pick(['1', '2', undefined]);
    return {
      msgType: MSG_TYPE.OrderMassCancelRequest,
      id,
      fields: {
        [TAG.ClOrdID]: id,
        [TAG.MassCancelRequestType]: ofSymbol ? OF_SYMBOL : OF_ALL,
        ...(ofSymbol ? { [TAG.Symbol]: random.pick(this.#symbols) } : {}),
        ...(side === undefined ? {} : { [TAG.Side]: side }),
      },
    };
  }

  #status({ clOrdId, symbol, side }: Named): ScriptedRequest {
    const fields = { [TAG.ClOrdID]: clOrdId, [TAG.Symbol]: symbol, [TAG.Side]: side };
    return { msgType: MSG_TYPE.OrderStatusRequest, id: undefined, fields };
  }
}

function cancel(id: string, { clOrdId, symbol, side }: Named): ScriptedRequest {
  return {
    msgType: MSG_TYPE.OrderCancelRequest,
    id,
    fields: {
      [CANCEL.ClOrdID]: id,
      [CANCEL.OrigClOrdID]: clOrdId,
      [CANCEL.Symbol]: symbol,
      [CANCEL.Side]: side,
    },
  };
}

/** OrderMassStatusRequest (AF) for all orders. */
export function massStatus(id: string): ScriptedRequest {
  const fields = { [TAG.MassStatusReqID]: id, [TAG.MassStatusReqType]: OF_ALL };
  return { msgType: MSG_TYPE.OrderMassStatusRequest, id, fields };
}

function timeInForceOf(ordType: string, random: Random): string {
  if (ordType === '1') return random.pick(['0', '3', '3', '4']);
  if (ordType === '2') return random.pick(['0', '0', '1', '1', '1', '1', '1', '3', '3', '4', '6', '6']);
  return random.pick(['0', '1', '6']);
}

function quantity(random: Random): string {
  return `${random.integer(0, 1)}.${decimals(random)}`;
}

function smallQuantity(random: Random): string {
  return `0.${decimals(random)}`;
}

/** Three decimals: whole lots, and never zero. */
function decimals(random: Random): string {
  return random.integer(10, 999).toString().padStart(3, '0');
}

function price(random: Random): string {
  return `${random.integer(98, 101)}.${random.pick(['00', '25', '37', '99'])}`;
}
