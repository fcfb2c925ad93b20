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
 *
 * In a cluster the engine with the venue's own account does this, so that still only one is under way. Parties may live on
 * other engines: each says by what right it has set money aside, and the commit stands only while all of them hold.
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
import type { AmendmentsInFlight } from './amendment-reserve.ts';
import type { ExchangeCluster } from './forwarding.ts';
import type { TradeSource } from './ports.ts';
import type {
  AmendmentAnswered,
  FundsReserved,
  Reply,
  ReserveFunds,
  ShardEpoch,
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
  /** Seen by whoever moves accounts: that of the venue itself stays while a trade is amended. */
  readonly inFlight?: AmendmentsInFlight;
  /** Absent where all accounts and books live here. */
  readonly cluster?: ExchangeCluster | undefined;
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
  /** Users whose accounts were asked to set something aside, each with the node where it was; undefined: this one. */
  readonly asked: ReadonlyMap<UserId, string | undefined>;
  /** By what right those who have answered did so. */
  readonly shards: ReadonlyMap<UserId, ShardEpoch>;
  /** What those who have answered lack. */
  readonly shortfalls: ReadonlyMap<UserId, readonly Shortfall[]>;
  readonly command: AmendTrade | undefined;
}

export class TradeAmendments {
  readonly #options: TradeAmendmentsOptions;
  #current: Current | undefined;
  #lastAmendmentNo: number;

  constructor(options: TradeAmendmentsOptions) {
    this.#options = options;
    this.#lastAmendmentNo = options.cluster?.firstNo ?? 0;
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
    this.#options.inFlight?.beginAmendment(FEE_USER_ID);
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

  /** Owners or links are others than before: of an account that is not where it was asked nobody may answer. */
  lookForParties(): void {
    const current = this.#current;
    // What the book was told is answered, or given back by the stand-in.
    if (current === undefined || current.phase === 'amending') return;
    for (const [userId, node] of current.asked) {
      const place = this.#placeOf(userId);
      if (place !== undefined && place.node === node) continue;
      this.abort(`the engine with the account of user ${userId} went away: nothing was done, try again`);
      return;
    }
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
    this.#ask({ ...current, phase: 'reserving', plan }, plan, parties);
  }

  /** Asks accounts to set aside what the amendment takes from them, `charges` of the venue included. */
  #ask(current: Current, plan: Plan, userIds: Iterable<UserId>, charges: AmendTrade['charges'] = []): void {
    const asked = new Map(current.asked);
    for (const userId of userIds) {
      const place = this.#placeOf(userId);
      if (place === undefined) {
        this.#refuse(current, `no engine with the account of user ${userId} can be reached: try again`);
        return;
      }
      asked.set(userId, place.node);
    }
    this.#current = { ...current, asked };
    const { maker, taker } = plan.trade;
    for (const userId of userIds) {
      const orders = [maker.order, taker.order].filter((order) => order.userId === userId);
      const funds = neededOf(plan, charges).get(userId) ?? [];
      const orderIds = orders.map(({ orderId }) => orderId);
      const { amendmentNo } = current;
      this.#reserve({ type: 'ReserveFunds', amendmentNo, userId, funds, orderIds }, asked.get(userId));
    }
  }

  #reserve(message: ReserveFunds, node: string | undefined): void {
    const { tell, openAccount, cluster } = this.#options;
    const { userId } = message;
    const whole = cluster === undefined ? message : { ...message, node: cluster.self };
    if (node !== undefined) {
      tell({ type: 'exchange', node }, whole);
      return;
    }
    openAccount(userId);
    tell({ type: 'account', userId }, whole);
  }

  /** Where the account of a user lives; undefined: where it cannot be reached, or it is about to leave. */
  #placeOf(userId: UserId): { readonly node: string | undefined } | undefined {
    const { cluster } = this.#options;
    if (cluster === undefined || cluster.ownsAccount(userId)) return { node: undefined };
    const route = cluster.routeOfAccount(userId);
    return route === undefined || route.node === cluster.self ? undefined : { node: route.node };
  }

  #onReserved(current: Current, { userId, shortfalls, fault, shard }: FundsReserved): void {
    if (fault !== undefined) {
      this.#refuse(current, fault);
      return;
    }
    const all = new Map([...current.shortfalls, [userId, shortfalls] as const]);
    const shards = shard === undefined ? current.shards : new Map([...current.shards, [userId, shard]]);
    const next = { ...current, shortfalls: all, shards };
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
    this.#ask({ ...current, phase: 'charging' }, plan, [FEE_USER_ID], charges);
  }

  #amend(current: Current, { trade, after }: Plan): void {
    const { tradeId, symbol, maker, taker } = trade;
    const { cluster } = this.#options;
    if (cluster !== undefined && cluster.routeOfBook(symbol) === undefined) {
      this.#refuse(current, `no engine with the book of ${symbol} can be reached: try again`);
      return;
    }
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
    const request = { command, cause: undefined, amendmentNo };
    // That of the venue's own account is what lets nobody else amend at the same time.
    const shards = cluster === undefined ? [] : [...current.shards.values(), cluster.shardOf(FEE_USER_ID)];
    const known = shards.filter((shard) => shard !== undefined);
    const requests = [known.length === 0 ? request : { ...request, shards: known }];
    this.#options.tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
  }

  #refuse(current: Current, text: string): void {
    this.#finish(current, { type: 'CommandRejected', text });
  }

  #finish({ amendmentNo, request, asked }: Current, reply: Reply): void {
    const { tell, log, onIdle, cluster } = this.#options;
    const { tradeId, wanted, reason, requestedBy } = request;
    this.#current = undefined;
    this.#options.inFlight?.endAmendment(FEE_USER_ID);
    const from = cluster === undefined ? {} : { node: cluster.self };
    for (const [userId, node] of asked) {
      const at = node === undefined ? {} : { node };
      tell({ type: 'account', userId, ...at }, { type: 'ReleaseFunds', amendmentNo, ...from });
    }
    const outcome = reply.type === 'CommandRejected' ? reply.text : 'done';
    log.info('trade amendment', { tradeId, kind: wanted.type, reason, requestedBy, outcome });
    tell(request.replyTo, reply);
    onIdle();
  }
}

const NOTHING_YET = {
  phase: 'reading',
  plan: undefined,
  asked: new Map<UserId, string | undefined>(),
  shards: new Map<UserId, ShardEpoch>(),
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
