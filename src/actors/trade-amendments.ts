/**
 * Busts and corrections of trades: one at a time, since each begins with the trade as it stands and ends in one
 * commit. The exchange's actor owns it and passes on what it is told; what it knows lives outside of nact.
 *
 * | phase     | waits for                         | then                                                      |
 * |-----------|-----------------------------------|-----------------------------------------------------------|
 * | idle      | the operator                      | the trade and its orders are read                         |
 * | reading   | TradeLoaded                       | both parties' accounts set aside what is taken from them  |
 * | reserving | FundsReserved of each party       | what they lack is the venue's, or the end                 |
 * | charging  | FundsReserved of the venue        | the book is told                                          |
 * | amending  | AmendmentAnswered, after the commit | what was set aside is released, the operator is told    |
 *
 * A refusal on the way releases what was set aside. When a commit fails for good, nothing of an amendment is kept.
 */
import {
  amendmentChanges,
  chargesFor,
  fundsNeeded,
  noSuchTrade,
  type Shortfall,
  type StandingTrade,
  termsAfter,
} from '../accounts/amendments.ts';
import { FEE_USER_ID } from '../accounts/fees.ts';
import { BalanceChanges } from '../accounts/settlement.ts';
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import { isBust } from '../matching/trade-amendment.ts';
import type { AmendTrade, TradeTerms, UserId } from '../matching/types.ts';
import { formatAmount } from '../platform/decimal.ts';
import type { Log } from '../platform/log.ts';
import type { TradeSource } from './ports.ts';
import type {
  AmendmentAnswered,
  BookRequest,
  FundsReserved,
  Reply,
  SubmitTradeAmendment,
  Tell,
  TradeLoaded,
} from './protocol.ts';

export interface TradeAmendmentsOptions {
  readonly tell: Tell;
  readonly log: Log;
  readonly trades: TradeSource;
  readonly instrumentOf: (symbol: string) => Instrument | undefined;
  /** Makes sure that the user's account lives. */
  readonly openAccount: (userId: UserId) => void;
  /** Called when an amendment has ended. */
  readonly onIdle: () => void;
}

/** A trade with what is to become of it. */
interface Plan {
  readonly trade: StandingTrade;
  readonly instrument: Instrument;
  readonly after: TradeTerms;
}

interface Current {
  readonly amendmentNo: number;
  readonly request: SubmitTradeAmendment;
  readonly phase: 'reading' | 'reserving' | 'charging' | 'amending';
  readonly plan: Plan | undefined;
  /** Users whose accounts were asked to set something aside. */
  readonly asked: ReadonlySet<UserId>;
  /** What those who have answered lack. */
  readonly shortfalls: ReadonlyMap<UserId, readonly Shortfall[]>;
  readonly command: AmendTrade | undefined;
}

export class TradeAmendments {
  readonly #options: TradeAmendmentsOptions;
  #current: Current | undefined;
  #lastAmendmentNo = 0;

  constructor(options: TradeAmendmentsOptions) {
    this.#options = options;
  }

  /** An amendment is under way: another is refused. */
  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Begins an amendment, or refuses it while another is under way. */
  submit(request: SubmitTradeAmendment): void {
    const { tell, trades } = this.#options;
    if (this.#current !== undefined) {
      const text = 'another trade is being busted or corrected: try again';
      tell(request.replyTo, { type: 'CommandRejected', text });
      return;
    }
    this.#lastAmendmentNo += 1;
    const amendmentNo = this.#lastAmendmentNo;
    this.#current = { ...NOTHING_YET, amendmentNo, request };
    const loaded = { type: 'TradeLoaded', amendmentNo } as const;
    trades.find(request.tradeId).then(
      (trade) => tell({ type: 'exchange' }, { ...loaded, trade, fault: undefined }),
      (error: unknown) => {
        const fault = `the trade cannot be read: ${error instanceof Error ? error.message : String(error)}`;
        tell({ type: 'exchange' }, { ...loaded, trade: undefined, fault });
      },
    );
  }

  /** What those who were asked have answered. An answer to an amendment that has ended means nothing. */
  receive(message: TradeLoaded | FundsReserved | AmendmentAnswered): void {
    const current = this.#current;
    if (current?.amendmentNo !== message.amendmentNo) return;
    if (message.type === 'AmendmentAnswered') {
      if (message.fault === undefined) this.#finish(current, doneReply(current));
      else this.#refuse(current, message.fault);
      return;
    }
    try {
      if (message.type === 'TradeLoaded') this.#plan(current, message);
      else this.#onReserved(current, message);
    } catch (error) {
      // The exchange's actor begins anew; what it can do without must not stand in the way of the next.
      this.abort('the venue failed on this: nothing was done');
      throw error;
    }
  }

  /** State is void, what was set aside too: the operator may try again. */
  abort(text: string): void {
    if (this.#current !== undefined) this.#refuse(this.#current, text);
  }

  /**
   * A kept command that is not to be run again, since nothing is set aside for it any more. It is answered on the
   * road of all answers, for the redo waits for it.
   */
  drop(symbol: string, request: BookRequest, generation: number): void {
    const entry = { type: 'JournalBook', symbol, epoch: 0, generation, lastSeq: 0, events: [] } as const;
    this.#options.tell({ type: 'persistence' }, { ...entry, done: [request], replies: [] });
  }

  #plan(current: Current, { trade, fault }: TradeLoaded): void {
    const { tradeId, wanted } = current.request;
    if (trade === undefined) {
      this.#refuse(current, fault ?? noSuchTrade(tradeId));
      return;
    }
    const instrument = this.#options.instrumentOf(trade.symbol);
    if (instrument === undefined) {
      this.#refuse(current, `${trade.symbol} is not traded here`);
      return;
    }
    const after = termsAfter(trade, wanted, instrument);
    if (typeof after === 'string') {
      this.#refuse(current, after);
      return;
    }
    const plan = { trade, instrument, after };
    // All parties are asked, also who gains: their orders must not be replaced meanwhile.
    const parties = new Set([trade.maker.order.userId, trade.taker.order.userId]);
    this.#current = { ...current, phase: 'reserving', plan, asked: parties };
    for (const userId of parties) this.#reserve(current.amendmentNo, plan, userId);
  }

  /** Asks an account to set aside what the amendment takes from it, `charges` of the venue included. */
  #reserve(amendmentNo: number, plan: Plan, userId: UserId, charges: AmendTrade['charges'] = []): void {
    const { tell, openAccount } = this.#options;
    const { maker, taker } = plan.trade;
    const orders = [maker.order, taker.order].filter((order) => order.userId === userId);
    const funds = neededOf(plan, charges).get(userId) ?? [];
    const orderIds = orders.map(({ orderId }) => orderId);
    openAccount(userId);
    tell({ type: 'account', userId }, { type: 'ReserveFunds', amendmentNo, funds, orderIds });
  }

  #onReserved(current: Current, { userId, shortfalls, fault }: FundsReserved): void {
    if (fault !== undefined) {
      this.#refuse(current, fault);
      return;
    }
    const all = new Map([...current.shortfalls, [userId, shortfalls] as const]);
    const next = { ...current, shortfalls: all };
    this.#current = next;
    if (all.size < next.asked.size || next.plan === undefined) return;
    if (next.phase === 'reserving') this.#chargeVenue(next, next.plan);
    else if (shortfalls.length > 0) this.#refuse(next, shortfallText(next.plan, all, FEE_USER_ID));
    else this.#amend(next, next.plan);
  }

  /** When the parties have answered: the venue pays back its fees, and what they lack if the operator says so. */
  #chargeVenue(current: Current, plan: Plan): void {
    const lacking = [...current.shortfalls].filter(([, ofUser]) => ofUser.length > 0);
    if (lacking.length > 0 && !current.request.chargesVenue) {
      const texts = lacking.map(([userId]) => shortfallText(plan, current.shortfalls, userId));
      this.#refuse(current, `${texts.join('; ')} (the venue can be charged with it)`);
      return;
    }
    const charges = chargesFor(current.shortfalls);
    if (!neededOf(plan, charges).has(FEE_USER_ID)) {
      this.#amend(current, plan);
      return;
    }
    this.#current = { ...current, phase: 'charging', asked: new Set([...current.asked, FEE_USER_ID]) };
    this.#reserve(current.amendmentNo, plan, FEE_USER_ID, charges);
  }

  #amend(current: Current, { trade, after }: Plan): void {
    const { tradeId, symbol, maker, taker } = trade;
    const { reason, requestedBy } = current.request;
    const command: AmendTrade = {
      type: 'AmendTrade',
      tradeId,
      before: trade.terms,
      after,
      maker: maker.order,
      taker: taker.order,
      makerRefSeq: maker.refSeq,
      takerRefSeq: taker.refSeq,
      charges: chargesFor(current.shortfalls),
      reason,
      requestedBy,
    };
    this.#current = { ...current, phase: 'amending', command };
    const { amendmentNo } = current;
    const requests = [{ command, cause: undefined, amendmentNo }];
    this.#options.tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
  }

  #refuse(current: Current, text: string): void {
    this.#finish(current, { type: 'CommandRejected', text });
  }

  #finish({ amendmentNo, request, asked }: Current, reply: Reply): void {
    const { tell, log, onIdle } = this.#options;
    const { tradeId, wanted, reason, requestedBy } = request;
    this.#current = undefined;
    for (const userId of asked) tell({ type: 'account', userId }, { type: 'ReleaseFunds', amendmentNo });
    const outcome = reply.type === 'CommandRejected' ? reply.text : 'done';
    log.info('trade amendment', { tradeId, kind: wanted.type, reason, requestedBy, outcome });
    tell(request.replyTo, reply);
    onIdle();
  }
}

const NOTHING_YET = {
  phase: 'reading',
  plan: undefined,
  asked: new Set<UserId>(),
  shortfalls: new Map<UserId, readonly Shortfall[]>(),
  command: undefined,
} as const;

function neededOf({ trade, instrument, after }: Plan, charges: AmendTrade['charges']) {
  const changes = new BalanceChanges();
  const { terms: before, maker, taker } = trade;
  changes.add(
    amendmentChanges({ before, after, charges, maker: maker.order, taker: taker.order }, instrument),
  );
  return fundsNeeded(changes.sorted());
}

/** Who lacks what: `bob lacks 0.6 BTC: 0.4 of 1 BTC is available`. */
function shortfallText(
  { trade }: Plan,
  shortfalls: ReadonlyMap<UserId, readonly Shortfall[]>,
  userId: UserId,
): string {
  const { maker, taker } = trade;
  const party = [maker, taker].find(({ order }) => order.userId === userId);
  const name = party?.username ?? 'the venue';
  const texts = (shortfalls.get(userId) ?? []).map(({ asset, amount, available }) => {
    const needed = formatAmount(amount + available);
    return `${name} lacks ${formatAmount(amount)} ${asset}: ${formatAmount(available)} of ${needed} ${asset} is available`;
  });
  return texts.join('; ');
}

function doneReply({ plan, command }: Current): Reply {
  if (plan === undefined || command === undefined) {
    return { type: 'CommandRejected', text: 'an amendment was answered that no book was told' };
  }
  const { trade, instrument, after } = plan;
  const nameOf = (userId: UserId): string =>
    [trade.maker, trade.taker].find(({ order }) => order.userId === userId)?.username ?? '';
  return {
    type: 'TradeAmended',
    tradeId: trade.tradeId,
    symbol: trade.symbol,
    kind: isBust(command) ? 'bust' : 'correct',
    priceBefore: priceText(instrument, trade.terms.price),
    quantityBefore: quantityText(instrument, trade.terms.quantity),
    price: priceText(instrument, after.price),
    quantity: quantityText(instrument, after.quantity),
    charges: command.charges.map(({ userId, asset, amount }) => ({
      username: nameOf(userId),
      asset,
      amount: formatAmount(amount),
    })),
  };
}
