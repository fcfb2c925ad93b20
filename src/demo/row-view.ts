/** Shows what a run has left in the database: the SQL that is asked, its rows as a table, and what they prove. */
import { type Column, formatTable } from '../cli/table.ts';
import { changeDifferences, holdDifferences, rowDifferences, sumDifferences } from './row-checks.ts';
import { type RowReader, runPattern, type SqlRow, STATEMENTS, type Statements } from './rows.ts';
import { EXPECTED_CHANGES, EXPECTED_TRADES, type ExpectedRow, expectedOrders } from './scenario.ts';
import { heading, type Style } from './wire-view.ts';

/** How the rows of a run are read and shown, and what they must be. */
export interface RowsShown {
  readonly statements: Statements;
  readonly columns: Readonly<Record<keyof Statements, readonly Column[]>>;
  readonly expectedOrders: (runId: string) => readonly ExpectedRow[];
  readonly expectedTrades: readonly ExpectedRow[];
  /** What a run changes in `balances`: of a user, an asset, by how much. */
  readonly expectedChanges: readonly Change[];
}

type Change = readonly [member: string, asset: string, change: string];

/** Words for codes in columns. */
export const SIDES = { '1': '1 buy', '2': '2 sell' };
export const STATUSES = { '0': '0 new', '1': '1 partly filled', '2': '2 filled', '4': '4 canceled' };

const COLUMNS: RowsShown['columns'] = {
  orders: [
    ...[right('id'), left('member'), left('cl_ord_id'), { ...left('side'), words: SIDES }],
    ...[right('price'), right('quantity'), right('filled'), right('remaining'), right('hold')],
    { ...left('status'), words: STATUSES },
  ],
  trades: [
    ...[right('id'), right('price'), right('quantity'), left('maker'), left('taker')],
    ...[{ ...left('taker_side'), words: SIDES }, right('maker_fee'), right('taker_fee'), left('executed_at')],
  ],
  balances: [left('member'), left('asset'), right('amount'), right('held')],
};

/** The demo of one process. */
const SHOWN: RowsShown = {
  statements: STATEMENTS,
  columns: COLUMNS,
  expectedOrders,
  expectedTrades: EXPECTED_TRADES,
  expectedChanges: EXPECTED_CHANGES,
};

/** Writes the rows of the run and what was checked; resolves with every difference from the scenario. */
export async function showRows(
  reader: RowReader,
  runId: string,
  before: readonly SqlRow[],
  write: (text: string) => void,
  style: Style,
  shown: RowsShown = SHOWN,
): Promise<string[]> {
  const { statements, columns, expectedChanges } = shown;
  const [orders, trades, balances] = [
    await reader.orders(runId),
    await reader.trades(runId),
    await reader.balances(),
  ];
  const show = (table: keyof Statements, rows: readonly SqlRow[]): void => {
    const statement = statements[table];
    const parameter = statement.includes('$1') ? ` -- $1 = '${runPattern(runId)}'` : '';
    write(`\n${indented(style('dim', `${statement};${parameter}`))}\n\n`);
    const [titles = '', ...lines] = formatTable(columns[table], rows).trimEnd().split('\n');
    write(`${indented([style('bold', titles), ...lines].join('\n'))}\n`);
  };
  write(heading('What is in the database now', style));
  show('orders', orders);
  show('trades', trades);
  show('balances', balances);

  write('\n');
  const sums = await reader.sums();
  const checks: readonly (readonly [claim: string, differences: string[]])[] = [
    [
      'orders and trades are what the members were told',
      [
        ...rowDifferences('orders', shown.expectedOrders(runId), orders),
        ...rowDifferences('trades', shown.expectedTrades, trades),
      ],
    ],
    [
      `balances changed by exactly the trades and their fees:\n    ${changesText(expectedChanges)}`,
      changeDifferences(before, balances, expectedChanges),
    ],
    [`all balances sum to what was deposited: ${sumsText(sums)}`, sumDifferences(sums)],
    ['what is held is what open orders need', holdDifferences(await reader.holds())],
  ];
  for (const [claim, differences] of checks) {
    if (differences.length === 0) write(`  ${style('green', '✓')} ${claim}\n`);
    else for (const difference of differences) write(`  ${style('red', '✗')} ${difference}\n`);
  }
  return checks.flatMap(([, differences]) => differences);
}

function changesText(changes: readonly Change[]): string {
  return changes
    .map(([member, asset, change]) => `${member} ${change.startsWith('-') ? change : `+${change}`} ${asset}`)
    .join(', ');
}

function sumsText(sums: readonly SqlRow[]): string {
  return sums.map(({ owned, asset }) => `${owned} ${asset}`).join(', ');
}

/** A column under its own name. */
export function left(field: string): Column {
  return { title: field, field };
}

/** The same, for numbers. */
export function right(field: string): Column {
  return { title: field, field, right: true };
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
