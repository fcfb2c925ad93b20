/** What members have asked for and what they were told: requests, orders, trades, reports, rejects by reason. */
import type { SessionCounts } from '../fix/session-counts.ts';
import { byLabel, type Sample, type Series } from './series.ts';
import { REPORT_NAMES, type Tallies } from './tallies.ts';

/** Counters of the trading path. */
export function tradingSeries(tallies: Tallies, counts: SessionCounts): readonly Series[] {
  return [
    {
      name: 'requests_total',
      help: 'Requests about orders that sessions have handed on, as a count by kind; UnsupportedRequest: valid FIX that the venue does not offer.',
      labels: ['type'],
      read: () => byLabel('type', Object.entries(counts.requests)),
    },
    {
      name: 'requests_refused_total',
      help: 'Requests that were handed on and never judged, as a count by why: the store is away, a bound is reached, the venue stops.',
      labels: ['because'],
      read: () => refusedRequests(counts),
    },
    {
      name: 'requests_throttled_total',
      help: 'Requests rejected since the member sent more than its rate, as a count; they are among the BusinessMessageRejects.',
      read: () => counts.throttled,
    },
    {
      name: 'orders_total',
      help: 'Orders that are accepted and committed, as a count by symbol.',
      labels: ['symbol'],
      read: () => bySymbol(tallies, 'orders'),
    },
    {
      name: 'trades_total',
      help: 'Trades that are committed, as a count by symbol.',
      labels: ['symbol'],
      read: () => bySymbol(tallies, 'trades'),
    },
    {
      name: 'reports_total',
      help: 'Reports to members (8, 9, r) that are committed, and answers to their questions, as a count by kind; each is told or waits for its member.',
      labels: ['type'],
      read: () => reports(tallies),
    },
    {
      name: 'reports_left_waiting_total',
      help: 'Those of them whose member was not logged on, as a count: rows that wait for its next logon. Not how many still wait, which only a scan of the rows would tell.',
      read: () => tallies.reportsLeftWaiting,
    },
    {
      name: 'rejects_total',
      help: 'Rejects, as a count by message and reason code: ExecutionReport 103, OrderCancelReject 102, OrderMassCancelReport 532, Reject 373, BusinessMessageReject 380.',
      labels: ['message', 'reason'],
      read: () => rejects(tallies, counts),
    },
    {
      name: 'transfers_total',
      help: 'Deposits, withdrawals and adjustments that are committed, as a count.',
      read: () => tallies.transfers,
    },
    {
      name: 'crash_halts_total',
      help: 'Symbols that the venue has halted itself since their book failed, as a count.',
      read: () => tallies.crashHalts,
    },
  ];
}

function refusedRequests({ refusals }: SessionCounts): Iterable<Sample> {
  return byLabel('because', [
    ['store_unavailable', refusals.StoreUnavailable],
    ['overloaded', refusals.Overloaded],
    ['draining', refusals.Draining],
  ]);
}

function* bySymbol({ symbols }: Tallies, which: 'orders' | 'trades'): Iterable<Sample> {
  for (const [symbol, tally] of symbols) yield [{ symbol }, tally[which]];
}

function* reports({ reports: counts }: Tallies): Iterable<Sample> {
  for (const [kind, name] of Object.entries(REPORT_NAMES)) {
    yield [{ type: name }, counts[kind as keyof typeof REPORT_NAMES]];
  }
}

function* rejects(tallies: Tallies, counts: SessionCounts): Iterable<Sample> {
  const byMessage = [
    ['ExecutionReport', tallies.orderRejects],
    ['OrderCancelReject', tallies.cancelRejects],
    ['OrderMassCancelReport', tallies.massCancelRejects],
    ['Reject', counts.rejects],
    ['BusinessMessageReject', counts.businessRejects],
  ] as const;
  for (const [message, reasons] of byMessage) {
    for (const [reason, count] of reasons) yield [{ message, reason: String(reason) }, count];
  }
}
