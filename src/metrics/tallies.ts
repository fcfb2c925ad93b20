/**
 * Figures of what was committed, as plain numbers: the trading path adds to them, a scrape reads them. Apart from the
 * metrics themselves, whose labels cost more to look up than an order has time for.
 */
import type { CommitBatch } from '../actors/ports.ts';
import type { ExecType, Report } from '../matching/execution-report.ts';
import { assertNever } from '../platform/assert.ts';

/** What a report is called: an 8 by its ExecType (150), the others by their own name. */
export const REPORT_NAMES = {
  '0': 'new',
  '4': 'canceled',
  '5': 'replaced',
  '8': 'rejected',
  C: 'expired',
  D: 'restated',
  F: 'trade',
  G: 'trade_correct',
  H: 'trade_cancel',
  I: 'order_status',
  L: 'triggered',
  OrderCancelReject: 'cancel_reject',
  OrderMassCancelReport: 'mass_cancel',
} as const satisfies Record<ExecType | Exclude<Report['type'], 'ExecutionReport'>, string>;

type ReportKind = keyof typeof REPORT_NAMES;

/** What happened in one symbol. */
export interface SymbolTally {
  orders: number;
  trades: number;
}

/** Grows from 0 at the start of the node. */
export class Tallies {
  readonly symbols = new Map<string, SymbolTally>();
  readonly reports: Record<ReportKind, number>;
  /** By OrdRejReason (103), CxlRejReason (102) and MassCancelRejectReason (532). */
  readonly orderRejects = new Map<number, number>();
  readonly cancelRejects = new Map<number, number>();
  readonly massCancelRejects = new Map<number, number>();
  /** Reports of members that were not logged on. */
  reportsLeftWaiting = 0;
  transfers = 0;
  crashHalts = 0;

  constructor() {
    const kinds = Object.keys(REPORT_NAMES) as ReportKind[];
    this.reports = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<ReportKind, number>;
  }

  /** A batch that is committed. */
  addCommitted({ events, transfers, halts }: CommitBatch): void {
    this.transfers += transfers.length;
    this.crashHalts += halts.length;
    // The events of a book come in a row: one look-up for each.
    let symbol: string | undefined;
    let tally: SymbolTally = { orders: 0, trades: 0 };
    for (const event of events) {
      if (event.type === 'OrderAccepted') {
        if (event.order.symbol !== symbol) {
          symbol = event.order.symbol;
          tally = this.#tallyOf(symbol);
        }
        tally.orders += 1;
      } else if (event.type === 'TradeExecuted') {
        if (event.symbol !== symbol) {
          symbol = event.symbol;
          tally = this.#tallyOf(symbol);
        }
        tally.trades += 1;
      }
    }
  }

  /** Reports that are told. */
  addReports(reports: readonly Report[]): void {
    for (const report of reports) {
      switch (report.type) {
        case 'ExecutionReport':
          this.reports[report.execType] += 1;
          if (report.execType === '8') add(this.orderRejects, report.ordRejReason);
          break;
        case 'OrderCancelReject':
          this.reports.OrderCancelReject += 1;
          add(this.cancelRejects, report.cxlRejReason);
          break;
        case 'OrderMassCancelReport':
          this.reports.OrderMassCancelReport += 1;
          if (report.massCancelRejectReason !== undefined)
            add(this.massCancelRejects, report.massCancelRejectReason);
          break;
        default:
          assertNever(report);
      }
    }
  }

  #tallyOf(symbol: string): SymbolTally {
    let tally = this.symbols.get(symbol);
    if (tally === undefined) {
      tally = { orders: 0, trades: 0 };
      this.symbols.set(symbol, tally);
    }
    return tally;
  }
}

/** OTHER (99) where the field is missing. */
function add(counts: Map<number, number>, reason = 99): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
