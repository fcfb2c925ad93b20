import { expect } from 'chai';
import { durationText, statusText } from '../../src/cli/status.ts';
import { type Column, formatCard, formatTable } from '../../src/cli/table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SIDE', field: 'side', words: { '1': 'buy' } },
  { title: 'QTY', field: 'quantity', right: true },
  { title: 'AT', field: 'at' },
  { title: 'OPEN', field: 'open' },
];

describe('a table', () => {
  it('is as wide as its widest cells, with numbers to the right', () => {
    const rows = [
      { side: '1', quantity: '1000.25', at: '2026-03-01T10:00:00.123Z', open: true },
      { side: 'toString', quantity: 5, at: null, open: false },
    ];
    expect(formatTable(COLUMNS, rows)).to.equal(
      [
        'SIDE          QTY  AT                    OPEN',
        'buy       1000.25  2026-03-01 10:00:00Z  yes',
        'toString        5  -                     no',
        '',
      ].join('\n'),
    );
  });

  it('says when it is empty', () => {
    expect(formatTable(COLUMNS, [])).to.equal('(none)\n');
  });

  it('is a card for one thing', () => {
    expect(formatCard(COLUMNS, { side: '2', quantity: '7' })).to.equal(
      'SIDE  2\nQTY   7\nAT    -\nOPEN  -\n',
    );
  });
});

describe('the status', () => {
  it('tells durations in two units', () => {
    const second = 1_000;
    const cases: readonly (readonly [number, string])[] = [
      [0, '0s'],
      [999, '0s'],
      [59 * second, '59s'],
      [60 * second, '1m 0s'],
      [3_661 * second, '1h 1m'],
      [90_000 * second, '1d 1h'],
    ];
    for (const [durationMs, text] of cases) expect(durationText(durationMs)).to.equal(text);
  });

  it('shows a halted symbol with its reason and why the node is not ready', () => {
    const text = statusText({
      node: 'local',
      venueCompId: 'ONEBOOK',
      uptimeMs: 5_000,
      ready: false,
      notReadyBecause: ['the database is down', 'the node is stopping'],
      books: {
        total: 12,
        ready: 3,
        loading: 8,
        halted: 1,
        loadingSymbols: ['B', 'C', 'D', 'E', 'F', 'G'],
        haltedSymbols: ['AAPL'],
      },
      database: { up: false, reason: 'connection refused' },
      fixPort: 9880,
      commits: { lastNo: 12, lastBatch: 3 },
      commandsInFlight: 4,
      symbols: [
        { symbol: 'AAPL', status: 'halted', ready: false, haltedBy: 'crash', reason: 'three incidents' },
      ],
      sessions: [],
    });
    expect(text).to.contain('no: the database is down; the node is stopping');
    expect(text).to.contain('3 of 12 ready; 8 loading: B, C, D, E, F, …; 1 halted: AAPL');
    expect(text).to.contain('down: connection refused');
    expect(text).to.match(/AAPL +halted +none +- +crash +three incidents/);
    expect(text).to.contain('12, with 3 events in the last');
    expect(text.endsWith('\nno sessions')).to.equal(true);
  });
});
