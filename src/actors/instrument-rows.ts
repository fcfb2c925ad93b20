/**
 * What the exchange reads of instruments: changed terms, and the status of a symbol that has crashed. The crash halt is
 * one row's change on its way to a commit, and the operator's word about the symbol is another: which of them came last
 * only the rows know. So they are read when everything that was journaled until then is in them, and say what holds. In a
 * cluster all of them are read when news from other nodes may have been lost.
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
  /** What has changed since all rows were asked for: what they say of it may be older. */
  #changedSince = new Set<string>();
  #reading: 'no' | 'yes' | 'and again' = 'no';
  #hasFailed = false;

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

  /** Reads all, once for as often as it is asked for meanwhile; the exchange is told InstrumentsReread. */
  rereadAll(): void {
    if (this.#reading !== 'no') {
      this.#reading = 'and again';
      return;
    }
    const { tell, log, instruments } = this.#options;
    this.#reading = 'yes';
    this.#hasFailed = false;
    this.#changedSince = new Set();
    instruments.all().then(
      (all) => tell({ type: 'exchange' }, { type: 'InstrumentsReread', all }),
      (error: unknown) => {
        log.warn('instruments cannot be read: they are when the database is back', { err: error });
        this.#hasFailed = true;
        tell({ type: 'exchange' }, { type: 'InstrumentsReread', all: [] });
      },
    );
  }

  /** InstrumentsReread has come: returns the symbols of which it may be older than what is known. */
  rereadDone(): ReadonlySet<string> {
    const changed = this.#changedSince;
    const isWantedAgain = this.#reading === 'and again';
    this.#reading = 'no';
    if (isWantedAgain) this.rereadAll();
    return changed;
  }

  storeAvailable(): void {
    if (this.#hasFailed) this.rereadAll();
  }

  /** The terms or the status of the symbol are others than before. */
  changed(symbol: string): void {
    this.#changedSince.add(symbol);
  }

  /** The book is halted, and has journaled it. */
  halted(symbol: string): void {
    this.changed(symbol);
    this.#haltNos.set(symbol, this.#haltNoOf(symbol) + 1);
  }

  /** The operator has changed the row of a symbol that is halted by a crash, or in a cluster of any. */
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
        log.error('trading status cannot be read: the symbol stays as it is', { symbol, err: error });
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
