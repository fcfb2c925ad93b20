/**
 * The operators of a simulated venue: money in and out, halts, cancels and amended trades, each as the admin API does
 * it, and the other node that takes a book.
 */
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import { prepareCommit } from '../../src/actors/commit-batch.ts';
import type { Address, Reply, TradingStatus } from '../../src/actors/protocol.ts';
import type { BookEvent } from '../../src/matching/types.ts';
import { restoredBook } from './node.ts';
import type { Rows } from './rows.ts';
import type { StepAction } from './script.ts';

type System = Pick<ActorSystem, 'tell' | 'ask'>;
type Action = Extract<
  StepAction,
  { readonly type: 'Transfer' | 'CancelSymbol' | 'CancelMember' | 'SetStatus' | 'Amend' | 'ChangeTerms' }
>;
type Transfer = StepAction & { readonly type: 'Transfer' } & { readonly units: bigint };

const UNSOLICITED = { execRestatementReason: 8, text: 'by the operator' } as const;

export class Operator {
  readonly #rows: Rows;
  readonly #blame: (text: string) => void;
  /** Transfers whose answer has not come. */
  readonly #open = new Map<string, Transfer>();
  readonly #booked = new Set<string>();
  readonly #amended = new Map<number, number>();
  #waitingCount = 0;

  constructor(rows: Rows, blame: (text: string) => void) {
    this.#rows = rows;
    this.#blame = blame;
  }

  /** Every question has been answered, or its venue is gone. */
  get isDone(): boolean {
    return this.#open.size === 0 && this.#waitingCount === 0;
  }

  act(action: Action, system: System): void {
    switch (action.type) {
      case 'Transfer': {
        const transfer = { ...action, units: this.#unitsOf(action) };
        if (transfer.units === 0n) return;
        this.#open.set(action.key, transfer);
        this.#transfer(transfer, system);
        return;
      }
      case 'CancelSymbol': {
        const { symbol } = action;
        this.#ask(system, (replyTo) =>
          system.tell(
            { type: 'exchange' },
            { type: 'CancelSymbolOrders', symbol, unsolicited: UNSOLICITED, replyTo },
          ),
        );
        return;
      }
      case 'CancelMember': {
        const command = { type: 'CancelMemberOrders', unsolicited: UNSOLICITED } as const;
        this.#ask(system, (replyTo) =>
          system.tell(
            { type: 'exchange' },
            { type: 'SubmitAccountCommand', userId: action.member, command, replyTo },
          ),
        );
        return;
      }
      case 'SetStatus':
        this.#setStatus(action.symbol, statusOf(action.status), system);
        return;
      case 'Amend':
        this.#amend(action, system);
        return;
      case 'ChangeTerms': {
        const { symbol } = action;
        this.#ask(system, (replyTo) =>
          system.tell({ type: 'exchange' }, { type: 'InstrumentChanged', symbol, replyTo }),
        );
      }
    }
  }

  /** Nobody answers any more what the last life of the venue was asked. */
  onCrash(): void {
    this.#waitingCount = 0;
  }

  /** At the end: asks again what was not answered, and lets every symbol trade. */
  settle(system: System): void {
    for (const [symbol, status] of this.#rows.statuses) {
      if (status.type !== 'Open') this.#setStatus(symbol, { type: 'Open' }, system);
    }
    if (this.#waitingCount > 0) return;
    for (const transfer of this.#open.values()) this.#transfer(transfer, system);
  }

  /** Another node becomes the owner of the book, and cancels what is in it. */
  takeOver(symbol: string, at: number): void {
    const { epoch, lastSeq, lastPrice } = this.#rows.book(symbol);
    const orders = this.#rows
      .openOrders()
      .filter((order) => order.symbol === symbol)
      .sort((left, right) => left.priority - right.priority);
    const book = restoredBook({ symbol, epoch, lastSeq, lastPrice, orders }, () => this.#rows.nextId());
    const events: BookEvent[] = [];
    book.execute(
      {
        type: 'MassCancelOrders',
        userId: undefined,
        side: undefined,
        clOrdId: undefined,
        unsolicited: UNSOLICITED,
      },
      at,
      events,
    );
    const own = {
      type: 'JournalBook',
      symbol,
      epoch: epoch + 1,
      generation: 0,
      lastSeq: book.lastSeq,
    } as const;
    const entry = { ...own, events, done: [], replies: [] };
    const { batch } = prepareCommit(0, [entry], (name) => this.#rows.instruments.get(name), at);
    this.#rows.writeElsewhere(symbol, batch);
  }

  /** What operators were told is in the rows, once. */
  check(): void {
    for (const key of this.#booked) {
      if (!this.#rows.transfers.has(key)) this.#blame(`transfer ${key} was booked, and has no row`);
    }
    for (const [tradeId, count] of this.#amended) {
      const rows = this.#rows.events.filter(
        (event) => event.type === 'TradeAmended' && event.tradeId === tradeId,
      );
      if (rows.length < count)
        this.#blame(`trade ${tradeId} was amended ${count} times, and has ${rows.length} rows`);
    }
  }

  #unitsOf({ member, asset, amount }: Action & { type: 'Transfer' }): bigint {
    const row = this.#rows.balance(member, asset);
    return amount === 0 ? row.held - row.amount : BigInt(amount) * 10n ** 18n;
  }

  /** The admin API looks into the rows first: what is in them is not asked for again. */
  #transfer({ key, member, asset, units }: Transfer, system: System): void {
    if (this.#rows.transfers.has(key)) {
      this.#open.delete(key);
      return;
    }
    const kind = units < 0n ? 'withdrawal' : 'deposit';
    const about = { kind, idempotencyKey: key, requestedBy: 'olga', reason: undefined } as const;
    const command = { type: 'TransferFunds', asset, amount: units, ...about } as const;
    this.#ask(
      system,
      (replyTo) =>
        system.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId: member, command, replyTo }),
      (reply) => {
        this.#open.delete(key);
        if (reply.type !== 'TransferBooked') return;
        this.#booked.add(key);
        if (!this.#rows.transfers.has(key)) this.#blame(`transfer ${key} is told before its commit`);
      },
    );
  }

  #setStatus(symbol: string, status: TradingStatus, system: System): void {
    this.#rows.statuses.set(symbol, status);
    system.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol, status });
  }

  #amend({ which, isBust, price, chargesVenue }: StepAction & { type: 'Amend' }, system: System): void {
    const trades = this.#rows.events.filter((event) => event.type === 'TradeExecuted');
    const trade = trades[Math.floor(Math.sqrt(which) * trades.length)];
    if (trade === undefined) return;
    const { tradeId } = trade;
    const correct = { type: 'Correct', price: `${price}`, quantity: undefined } as const;
    const wanted = isBust ? ({ type: 'Bust' } as const) : correct;
    const about = { chargesVenue, reason: 'fat finger', requestedBy: 'olga' } as const;
    this.#ask(
      system,
      (replyTo) =>
        system.tell(
          { type: 'exchange' },
          { type: 'SubmitTradeAmendment', tradeId, wanted, ...about, replyTo },
        ),
      (reply) => {
        if (reply.type === 'TradeAmended') this.#amended.set(tradeId, (this.#amended.get(tradeId) ?? 0) + 1);
      },
    );
  }

  #ask(system: System, tellIt: (replyTo: Address) => void, onReply: (reply: Reply) => void = () => {}): void {
    this.#waitingCount += 1;
    void system.ask(tellIt, 0).then((reply) => {
      this.#waitingCount -= 1;
      onReply(reply);
    });
  }
}

function statusOf(name: 'Open' | 'CancelOnly' | 'Halted'): TradingStatus {
  if (name === 'Open') return { type: 'Open' };
  if (name === 'CancelOnly') return { type: 'CancelOnly', reason: 'news' };
  return { type: 'Halted', by: 'operator', reason: 'news' };
}
