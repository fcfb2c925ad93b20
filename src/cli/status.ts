/** `onebook status`: how the node is doing, and the cluster that it is in. */
import type { Command } from 'commander';
import type { ClusterStatus } from '../admin/cluster-status.ts';
import type { Body } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';
import { countOf, drawCluster } from './cluster-drawing.ts';
import { TRADING_STATUS_WORDS } from './instrument.ts';
import { type Column, formatCard, formatTable, type Row } from './table.ts';

const NODE: readonly Column[] = [
  { title: 'node', field: 'node' },
  { title: 'venue', field: 'venueCompId' },
  { title: 'ready', field: 'readiness' },
  { title: 'up for', field: 'uptime' },
  { title: 'database', field: 'databaseText' },
  { title: 'FIX', field: 'listenersText' },
  { title: 'books', field: 'booksText' },
  { title: 'commits', field: 'commitText' },
  { title: 'commands in flight', field: 'commandsInFlight' },
];

const SYMBOLS: readonly Column[] = [
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'STATUS', field: 'status', words: TRADING_STATUS_WORDS },
  { title: 'BOOK', field: 'ready' },
  { title: 'REFERENCE', field: 'referencePrice', right: true },
  { title: 'HALTED BY', field: 'haltedBy' },
  { title: 'REASON', field: 'reason' },
];

const SESSIONS: readonly Column[] = [
  { title: 'COMP ID', field: 'compId', right: true },
  { title: 'CONNECTED', field: 'since' },
  { title: 'FROM', field: 'remoteAddress' },
];

const CLUSTER_SYMBOLS: readonly Column[] = [
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'OWNER', field: 'owner' },
  { title: 'EPOCH', field: 'epoch', right: true },
  { title: 'PLACED ON', field: 'placedText', rare: true },
  ...SYMBOLS.slice(1),
];

const CLUSTER_SESSIONS: readonly Column[] = [
  { title: 'COMP ID', field: 'compId', right: true },
  { title: 'MEMBER', field: 'username' },
  { title: 'GATEWAY', field: 'gateway' },
];

/** Of a cluster's symbols and sessions; `--json` has all. */
const SHOWN_ROWS = 20;

/** Of the books that are not ready; the table has them all. */
const SHOWN_NAMES = 5;

/** Adds the command to the program. */
export function addStatusCommand(program: Command): void {
  clientCommand(
    program,
    'status',
    'show how the node is doing: database, symbols and halts, sessions; and its cluster, if it is in one',
  ).action(async (flags: ClientFlags) => {
    const body = await (await connect(flags)).get('/v1/status');
    showSentence(flags, body, statusText(body, process.stdout.columns));
  });
}

/** The body of `GET /v1/status` as people read it; `width` is that of their terminal, if it is one. */
export function statusText(body: Body, width = 80): string {
  const {
    uptimeMs,
    ready,
    notReadyBecause,
    database,
    commits,
    symbols,
    sessions,
    listeners,
    books,
    cluster,
  } = body;
  const { up, reason } = objectOf(database);
  const { lastNo, lastBatch } = objectOf(commits);
  const node = {
    ...body,
    readiness: ready === true ? 'yes' : `no: ${listOf(notReadyBecause).join('; ')}`,
    uptime: durationText(Number(uptimeMs)),
    databaseText: up === true ? 'up' : `down: ${reason ?? 'it does not answer'}`,
    listenersText: listOf(listeners).map(listenerText).join('; ') || noListenerText(cluster),
    booksText: booksText(objectOf(books)),
    commitText: `${lastNo}, with ${lastBatch} events in the last`,
  };
  const symbolRows = listOf(symbols).map((symbol) => ({ ...objectOf(symbol), ready: bookText(symbol) }));
  const card = formatCard(NODE, node);
  if (cluster === undefined) {
    return [card, formatTable(SYMBOLS, symbolRows), sessionsText(listOf(sessions))].join('\n');
  }
  // Of the same version as this program, or one beside which it runs: fields are only added.
  const shown = cluster as ClusterStatus;
  const drawing = drawCluster(shown, { database: node.databaseText, width });
  return [card, drawing, clusterSymbolsText(shown, symbolRows), clusterSessionsText(shown)].join('\n');
}

/** Those that want attention first: nobody's, not ready, not open. */
function clusterSymbolsText({ symbols }: ClusterStatus, rows: readonly Row[]): string {
  const here = new Map(rows.map((row) => [symbolOf(row), row]));
  const all = symbols.map(
    (owned): Row => ({
      ...here.get(owned.symbol),
      ...owned,
      placedText: placedText(owned),
    }),
  );
  const shown = [...all.filter(needsAttention), ...all.filter((row) => !needsAttention(row))].slice(
    0,
    SHOWN_ROWS,
  );
  return formatTable(CLUSTER_SYMBOLS, shown) + moreText(all.length - shown.length, 'symbols');
}

/** An operator outranks the configuration. */
function placedText({ placedOn, configuredOn }: ClusterStatus['symbols'][number]): string | null {
  return placedOn ?? (configuredOn === null ? null : `${configuredOn} (configuration)`);
}

function symbolOf({ symbol }: Row): unknown {
  return symbol;
}

function needsAttention({ owner, ready, status }: Row): boolean {
  return owner === null || ready !== 'ready' || status !== 'open';
}

function clusterSessionsText({ sessions, moreSessions, sessionsFault }: ClusterStatus): string {
  if (sessionsFault !== null) return `sessions: ${sessionsFault}`;
  if (sessions.length === 0) return 'no sessions';
  const shown = sessions.slice(0, SHOWN_ROWS);
  const more = moreText(sessions.length - shown.length, moreSessions ? 'sessions and others' : 'sessions');
  return (formatTable(CLUSTER_SESSIONS, shown.map(objectOf)) + more).trimEnd();
}

function moreText(count: number, what: string): string {
  return count === 0 ? '' : `and ${countOf(count)} more ${what}: --json has them\n`;
}

/** Nobody is a word of its own: below a table of symbols, `(none)` would not say of what. */
function sessionsText(sessions: readonly unknown[]): string {
  return sessions.length === 0 ? 'no sessions' : formatTable(SESSIONS, sessions.map(objectOf)).trimEnd();
}

/** `2d 3h`, `3h 5m`, `5m 7s` or `7s`. */
export function durationText(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first < 0 ? -1 : first)
    .slice(0, 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** Only gateways have some. */
function noListenerText(cluster: unknown): string {
  const { self, nodes } = objectOf(cluster);
  const { roles } = objectOf(
    listOf(nodes)
      .map(objectOf)
      .find(({ name }) => name === self),
  );
  return self === undefined || roles === undefined || listOf(roles).includes('gateway')
    ? 'not yet'
    : 'none: it is no gateway';
}

function listenerText(listener: unknown): string {
  const { name, host, port, tls, proxyProtocol } = objectOf(listener);
  const traits = [`"${name}"`];
  if (tls !== 'none') traits.push(tls === 'server' ? 'TLS' : `TLS with ${tls}`);
  if (proxyProtocol === true) traits.push('PROXY protocol');
  return `${host}:${port} (${traits.join(', ')})`;
}

/** `all 2000 ready`, or `1980 of 2000 ready; 19 loading: A, B, …; 1 halted: C`. */
function booksText(books: Row): string {
  const { total, ready, loading, halted, loadingSymbols, haltedSymbols } = books;
  if (ready === total) return `all ${total} ready`;
  const parts = [`${ready} of ${total} ready`];
  if (loading !== 0) parts.push(`${loading} loading: ${namesText(loading, loadingSymbols)}`);
  if (halted !== 0) parts.push(`${halted} halted: ${namesText(halted, haltedSymbols)}`);
  return parts.join('; ');
}

function namesText(count: unknown, names: unknown): string {
  const shown = listOf(names).slice(0, SHOWN_NAMES);
  return [...shown, ...(shown.length < Number(count) ? ['…'] : [])].join(', ');
}

function bookText(symbol: unknown): string {
  const { ready, haltedBy } = objectOf(symbol);
  if (ready === true) return 'ready';
  return haltedBy === 'crash' ? 'none' : 'loading';
}

function objectOf(value: unknown): Row {
  return typeof value === 'object' && value !== null ? (value as Row) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
