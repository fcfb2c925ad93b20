/**
 * What the exchange reads of instruments: changed terms, and the status of a symbol that has crashed. The crash halt is
 * one row's change on its way to a commit, and the operator's word about the symbol is another: which of them came last
 * only the rows know. So they are read when everything that was journaled until then is in them, and say what holds.
 */
import type { Log } from '../platform/log.ts';
import type { InstrumentSource } from './ports.ts';
import type { InstrumentChanged, StatusCheckDue, StatusRead, Tell, TradingStatus } from './protocol.ts';

export interface InstrumentRowsOptions {
  readonly tell: Tell;
  readonly log: Log;
  readonly instruments: InstrumentSource;
  /** The symbol has this status from now on. */
  readonly applyStatus: (symbol: string, status: TradingStatus) => void;
}

export class InstrumentRows {
  readonly #options: InstrumentRowsOptions;
  /** How often each symbol has crashed: an answer about an earlier crash is none. */
  readonly #haltNos = new Map<string, number>();

  constructor(options: InstrumentRowsOptions) {
    this.#options = options;
  }

  /** Reads changed terms; the exchange is told InstrumentLoaded. */
  reread({ symbol, replyTo }: InstrumentChanged): void {
    const { tell, log, instruments } = this.#options;
    const waiting = replyTo === undefined ? {} : { replyTo };
    instruments.find(symbol).then(
      (terms) => {
        if (terms === undefined) return;
        tell({ type: 'exchange' }, { type: 'InstrumentLoaded', terms, ...waiting });
      },
      (error: unknown) => {
        log.error('instrument cannot be read', { symbol, err: error });
        const text =
          'the database does not answer: the terms are stored, and hold after the next change or start';
        if (replyTo !== undefined) tell(replyTo, { type: 'CommandRejected', text });
      },
    );
  }

  /** The book is halted, and has journaled it. */
  halted(symbol: string): void {
    this.#haltNos.set(symbol, this.#haltNoOf(symbol) + 1);
  }

  /** The operator has changed the row of a symbol that is halted by a crash. */
  checkStatus(symbol: string): void {
    const message = { type: 'StatusCheckDue', symbol, haltNo: this.#haltNoOf(symbol) } as const;
    this.#options.tell({ type: 'persistence' }, { type: 'AwaitCommits', to: { type: 'exchange' }, message });
  }

  receive(message: StatusCheckDue | StatusRead): void {
    if (message.type === 'StatusCheckDue') this.#readStatus(message);
    else this.#onStatus(message);
  }

  #readStatus({ symbol, haltNo }: StatusCheckDue): void {
    const { tell, log, instruments } = this.#options;
    instruments.find(symbol).then(
      (terms) => {
        if (terms === undefined) return;
        tell({ type: 'exchange' }, { type: 'StatusRead', symbol, haltNo, status: terms.status });
      },
      (error: unknown) => {
        log.error('trading status cannot be read: the symbol stays halted', { symbol, err: error });
      },
    );
  }

  #onStatus({ symbol, haltNo, status }: StatusRead): void {
    const isHalted = status.type === 'Halted' && status.by === 'crash';
    if (!isHalted && haltNo === this.#haltNoOf(symbol)) this.#options.applyStatus(symbol, status);
    else
      this.#options.log.warn('the crash came after the operator’s word: the symbol stays halted', { symbol });
  }

  #haltNoOf(symbol: string): number {
    return this.#haltNos.get(symbol) ?? 0;
  }
}
