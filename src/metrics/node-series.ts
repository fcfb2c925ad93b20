/** Whether the node can trade: its database, its symbols, its clock and its disk, and how far its recovery is. */
import type { Market, MarketDirectory } from '../actors/ports.ts';
import { assertNever } from '../platform/assert.ts';
import { byLabel, type Sample, type Series } from './series.ts';
import type { WatchedCluster, WatchedNode } from './watched-node.ts';

/** What the node itself knows beside its parts. */
export interface NodeFigures {
  /** ms; 0 until members can connect. */
  readonly startedInMs: () => number;
  /** ms that the clock has been set forwards since the start. */
  readonly clockOffsetMs: () => number;
  /** Undefined in a venue of one process. */
  readonly cluster: () => WatchedCluster | undefined;
  /** Bytes of the file system with the data directory; NaN when it does not say. */
  readonly disk: () => { readonly free: number; readonly size: number };
}

type SymbolState = 'trading' | 'cancel_only' | 'halted_by_operator' | 'halted_by_crash' | 'recovering';

/** Gauges of the node. */
export function nodeSeries(node: () => WatchedNode | undefined, figures: NodeFigures): readonly Series[] {
  return [
    {
      name: 'store_up',
      help: '1: commits succeed; 0: the last one failed and is tried again, or the node is still starting.',
      read: () => {
        const persistence = node()?.persistence();
        return persistence !== undefined && persistence.storeFault === undefined ? 1 : 0;
      },
    },
    {
      name: 'redo_active',
      help: '1 while kept commands run again since the database refused a commit; else 0.',
      read: () => (node()?.persistence().isRedoing ? 1 : 0),
    },
    {
      name: 'last_commit_number',
      help: 'Number of the last commit that was begun.',
      read: () => node()?.persistence().lastCommitNo ?? 0,
    },
    {
      name: 'symbols',
      help: 'Symbols at the moment, as a count by state; recovering: the book is being built from rows. Recovery is done when none is.',
      labels: ['state'],
      read: () => symbolsByState(node()?.markets),
    },
    {
      name: 'symbol_closed',
      help: '1 for each symbol that takes no orders at the moment, with its state; symbols that trade are not shown.',
      labels: ['symbol', 'state'],
      read: () => closedSymbols(node()?.markets),
    },
    {
      name: 'start_seconds',
      help: 'Time from the start of the node to the moment at which members could connect, in seconds; 0 until then. Books may still be loading: see symbols.',
      read: () => figures.startedInMs() / 1_000,
    },
    {
      name: 'clock_offset_seconds',
      help: 'By how much the system clock has been set forwards (backwards: negative) since the start, in seconds; a clock that nobody sets stays near 0.',
      read: () => figures.clockOffsetMs() / 1_000,
    },
    {
      name: 'database_clock_offset_seconds',
      help: 'By how much the clock of this machine is ahead of (behind: negative) the database, in seconds; 0 in a venue of one process.',
      read: () => (figures.cluster()?.clockOffsetMs ?? 0) / 1_000,
    },
    {
      name: 'config_differences',
      help: 'Living nodes of the cluster that run with another configuration than this one, as a count.',
      read: () => figures.cluster()?.configDifferences ?? 0,
    },
    {
      name: 'data_dir_free_bytes',
      help: 'Space that is left to the node on the file system of its data directory, in bytes.',
      read: () => figures.disk().free,
    },
    {
      name: 'data_dir_size_bytes',
      help: 'Size of that file system, in bytes.',
      read: () => figures.disk().size,
    },
  ];
}

function symbolsByState(markets: MarketDirectory | undefined): Iterable<Sample> {
  const counts: Record<SymbolState, number> = {
    trading: 0,
    cancel_only: 0,
    halted_by_operator: 0,
    halted_by_crash: 0,
    recovering: 0,
  };
  for (const [, state] of statesOf(markets)) counts[state] += 1;
  return byLabel('state', Object.entries(counts));
}

function* closedSymbols(markets: MarketDirectory | undefined): Iterable<Sample> {
  for (const [symbol, state] of statesOf(markets)) {
    if (state !== 'trading') yield [{ symbol, state }, 1];
  }
}

function* statesOf(markets: MarketDirectory | undefined): Iterable<readonly [string, SymbolState]> {
  if (markets === undefined) return;
  for (const symbol of markets.symbols()) {
    const market = markets.find(symbol);
    if (market !== undefined) yield [symbol, stateOf(market)];
  }
}

function stateOf({ status, ready }: Market): SymbolState {
  // A book that failed is not ready either, and nobody is building it.
  if (status.type === 'Halted' && status.by === 'crash') return 'halted_by_crash';
  if (!ready) return 'recovering';
  switch (status.type) {
    case 'Open':
      return 'trading';
    case 'CancelOnly':
      return 'cancel_only';
    case 'Halted':
      return 'halted_by_operator';
    default:
      return assertNever(status);
  }
}
