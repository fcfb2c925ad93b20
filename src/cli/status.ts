/** `onebook status`: how the node is doing. */
import type { Command } from 'commander';
import type { Body } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';
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

/** Of the books that are not ready; the table has them all. */
const SHOWN_NAMES = 5;

/** Adds the command to the program. */
export function addStatusCommand(program: Command): void {
  clientCommand(
    program,
    'status',
    'show how the node is doing: database, symbols and halts, sessions',
  ).action(async (flags: ClientFlags) => {
    const body = await (await connect(flags)).get('/v1/status');
    showSentence(flags, body, statusText(body));
  });
}

/** The body of `GET /v1/status` as people read it. */
export function statusText(body: Body): string {
  const { uptimeMs, ready, notReadyBecause, database, commits, symbols, sessions, listeners, books } = body;
  const { up, reason } = objectOf(database);
  const { lastNo, lastBatch } = objectOf(commits);
  const node = {
    ...body,
    readiness: ready === true ? 'yes' : `no: ${listOf(notReadyBecause).join('; ')}`,
    uptime: durationText(Number(uptimeMs)),
    databaseText: up === true ? 'up' : `down: ${reason ?? 'it does not answer'}`,
    listenersText: listOf(listeners).map(listenerText).join('; ') || 'not yet',
    booksText: booksText(objectOf(books)),
    commitText: `${lastNo}, with ${lastBatch} events in the last`,
  };
  const symbolRows = listOf(symbols).map((symbol) => ({ ...objectOf(symbol), ready: bookText(symbol) }));
  return [formatCard(NODE, node), formatTable(SYMBOLS, symbolRows), sessionsText(listOf(sessions))].join(
    '\n',
  );
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
