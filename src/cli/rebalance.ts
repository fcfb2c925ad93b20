/** `onebook rebalance`: spreads symbols and accounts over the engines, a few at a time, after one was added. */
import type { Command } from 'commander';
import type { OwnerStatus } from '../admin/cluster-status.ts';
import type { Move, RebalancePlan } from '../admin/rebalance-plan.ts';
import { monotonicMs } from '../platform/monotonic.ts';
import { type AdminClient, queryOf } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';
import { countOf, nounsOf } from './cluster-drawing.ts';
import { CliFailure, EXIT } from './failure.ts';
import { formatTable } from './table.ts';
import { lookUntil, tookText, waitOption } from './waiting.ts';

interface RebalanceFlags extends ClientFlags {
  readonly dryRun?: boolean;
  readonly includePlaced?: boolean;
  /** Ms, for each step. */
  readonly wait: number;
}

const DEFAULT_WAIT_MS = 60_000;
/** Moved together: what waits for the last of them is no more than these. */
const STEP_SIZE = 25;
/** Moves that are shown one by one. */
const SHOWN_MOVES = 50;

/** Adds the command to the program. */
export function addRebalanceCommand(program: Command): void {
  clientCommand(
    program,
    'rebalance',
    'spread symbols and accounts over the engines that run, after one was added; what is placed stays',
  )
    .option('--dry-run', 'only show what would move where')
    .option('--include-placed', 'also what "symbol move" has placed; never what the configuration places')
    .addOption(waitOption('how long to wait for each step at most', DEFAULT_WAIT_MS))
    .action(rebalance);
}

async function rebalance(flags: RebalanceFlags): Promise<void> {
  const client = await connect(flags);
  const includePlaced = flags.includePlaced === true;
  const plan = await planOf(client, includePlaced);
  if (flags.dryRun === true) {
    showSentence(flags, { ...plan }, planText(plan));
    return;
  }
  const since = monotonicMs();
  const total = plan.symbols.length + plan.shards.length;
  let moved = 0;
  for (const step of stepsOf(plan)) {
    await moveStep(client, step, flags.wait, moved, total);
    moved += step.symbols.length + step.shards.length;
    process.stderr.write(`${countOf(moved)} of ${countOf(total)} have moved\n`);
  }
  const took = total === 0 ? '' : ` in ${tookText(monotonicMs() - since)}`;
  const what = `${nounsOf(plan.symbols.length, 'symbol')} and ${nounsOf(plan.shards.length, 'shard')} of accounts`;
  const done = total === 0 ? 'nothing has to move' : `moved ${what}${took}`;
  const text = `${done}${keptText(plan)}\n${spreadText(plan)}`;
  showSentence(flags, { ...plan }, text);
}

async function planOf(client: AdminClient, includePlaced: boolean): Promise<RebalancePlan> {
  const body = await client.get(`/v1/rebalance${queryOf({ includePlaced })}`);
  return body as unknown as RebalancePlan;
}

/** What goes to one engine together. */
interface Step {
  readonly to: string;
  readonly symbols: readonly string[];
  readonly shards: readonly number[];
}

/** Shards before symbols: accounts that are where their books are going need not be asked over the network. */
function stepsOf({ engines, symbols, shards }: RebalancePlan): readonly Step[] {
  return engines.flatMap((to) => [
    ...chunks(keysTo(shards, to)).map((chunk) => ({ to, symbols: [], shards: chunk })),
    ...chunks(keysTo(symbols, to)).map((chunk) => ({ to, symbols: chunk, shards: [] })),
  ]);
}

/**
 * Places a few, waits until they are there, and takes the placement back: they stay by themselves, and the next engine
 * that is added may have them.
 */
async function moveStep(
  client: AdminClient,
  { to, symbols, shards }: Step,
  waitMs: number,
  moved: number,
  total: number,
): Promise<void> {
  await client.post('/v1/placement', { symbols, shards, node: to });
  const query = queryOf({ symbols: symbols.join(','), shards: shards.join(',') });
  const arrived = await lookUntil(waitMs, async () => {
    const body = await client.get(`/v1/owners${query}`);
    const owners = body as {
      readonly symbols: readonly OwnerStatus[];
      readonly shards: readonly OwnerStatus[];
    };
    return [...owners.symbols, ...owners.shards].every(({ owner }) => owner === to) ? true : undefined;
  });
  if (arrived === undefined) {
    throw new CliFailure(
      EXIT.refused,
      `${countOf(moved)} of ${countOf(total)} have moved, and the next are not on ${to} after ${tookText(waitMs)}; they ` +
        `stay placed there. "onebook status" shows what keeps ${to}; then run "onebook rebalance --include-placed"`,
    );
  }
  await client.post('/v1/placement', { symbols, shards, node: null });
}

function planText(plan: RebalancePlan): string {
  const { symbols, shards } = plan;
  const moves = [
    ...symbols.map(({ key, from, to }) => ({ what: key, from, to })),
    ...shards.map(({ key, from, to }) => ({ what: `accounts, shard ${key}`, from, to })),
  ];
  if (moves.length === 0) return `nothing would move${keptText(plan)}\n${spreadText(plan)}`;
  const table = formatTable(
    [
      { title: 'WHAT', field: 'what' },
      { title: 'FROM', field: 'from' },
      { title: 'TO', field: 'to' },
    ],
    moves.slice(0, SHOWN_MOVES),
  );
  const more =
    moves.length > SHOWN_MOVES ? `and ${countOf(moves.length - SHOWN_MOVES)} more: --json has them\n` : '';
  const sum = `${nounsOf(symbols.length, 'symbol')} and ${nounsOf(shards.length, 'shard')} of accounts would move${keptText(plan)}`;
  return `${table}${more}${sum}\n${spreadText(plan)}`;
}

function keptText({ kept }: RebalancePlan): string {
  return kept === 0 ? '' : `; ${countOf(kept)} stay where they are placed`;
}

/** What engines have afterwards, and why that is uneven where it is. */
function spreadText({ spread }: RebalancePlan): string {
  const shares = spread.map(
    ({ engine, symbols, shards }) =>
      `${engine} ${nounsOf(symbols, 'symbol')} and ${nounsOf(shards, 'shard')} of accounts`,
  );
  if (spread.length === 1) return `there is no other engine: ${shares.join()}`;
  const counts = spread.map(({ symbols }) => symbols);
  const isUneven = Math.max(...counts) - Math.min(...counts) > 1;
  const why = isUneven
    ? '\nwhich symbol goes where is decided by a hash of its name: even for many, not for a few. "onebook symbol move" places one'
    : '';
  return `then have: ${shares.join(', ')}${why}`;
}

function keysTo<Key>(moves: readonly Move<Key>[], engine: string): readonly Key[] {
  return moves.filter(({ to }) => to === engine).map(({ key }) => key);
}

function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const found: (readonly Item[])[] = [];
  for (let i = 0; i < items.length; i += STEP_SIZE) found.push(items.slice(i, i + STEP_SIZE));
  return found;
}
