/** Shows what a run has left in the database: the SQL that is asked, its rows as a table, and what they prove. */
import { type Column, formatTable } from '../cli/table.ts';
import { changeDifferences, holdDifferences, rowDifferences, sumDifferences } from './row-checks.ts';
import { type RowReader, runPattern, type SqlRow, STATEMENTS } from './rows.ts';
import { EXPECTED_CHANGES, EXPECTED_TRADES, expectedOrders } from './scenario.ts';
import { heading, type Style } from './wire-view.ts';

const SIDES = { '1': '1 buy', '2': '2 sell' };
const STATUSES = { '0': '0 new', '1': '1 partly filled', '2': '2 filled', '4': '4 canceled' };

const COLUMNS: Readonly<Record<keyof typeof STATEMENTS, readonly Column[]>> = {
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

/** Writes the rows of the run and what was checked; resolves with every difference from the scenario. */
export async function showRows(
  reader: RowReader,
  runId: string,
  before: readonly SqlRow[],
  write: (text: string) => void,
  style: Style,
): Promise<string[]> {
  const [orders, trades, balances] = [
    await reader.orders(runId),
    await reader.trades(runId),
    await reader.balances(),
  ];
  const show = (table: keyof typeof STATEMENTS, rows: readonly SqlRow[]): void => {
    const statement = STATEMENTS[table];
    const parameter = statement.includes('$1') ? ` -- $1 = '${runPattern(runId)}'` : '';
    write(`\n${indented(style('dim', `${statement};${parameter}`))}\n\n`);
    const [titles = '', ...lines] = formatTable(COLUMNS[table], rows).trimEnd().split('\n');
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
        ...rowDifferences('orders', expectedOrders(runId), orders),
        ...rowDifferences('trades', EXPECTED_TRADES, trades),
      ],
    ],
    [
      `balances changed by exactly the trades and their fees:\n    ${changesText()}`,
      changeDifferences(before, balances, EXPECTED_CHANGES),
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

function changesText(): string {
  return EXPECTED_CHANGES.map(([member, asset, change]) => {
    return `${member} ${change.startsWith('-') ? change : `+${change}`} ${asset}`;
  }).join(', ');
}

function sumsText(sums: readonly SqlRow[]): string {
  return sums.map(({ owned, asset }) => `${owned} ${asset}`).join(', ');
}

function left(field: string): Column {
  return { title: field, field };
}

function right(field: string): Column {
  return { title: field, field, right: true };
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
