/**
 * `npm run bench:symbol-move`: for how long members wait when a symbol moves between two engines, to and fro, and which
 * part of the move takes it. Those who are asked have open orders there, and `--active` of them send more meanwhile.
 * Processes, sockets, NATS and Postgres are real; before each move a time of the same length shows what is noise.
 */
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { delay, systemClock } from '../src/platform/clock.ts';
import { hasNatsServer, startNatsServer } from '../test/support/nats-server.ts';
import { until } from '../test/support/until.ts';
import { startBenchPostgres } from './support/bench-postgres.ts';
import { PASSWORD, SETTLE_MS, withCluster } from './support/cluster-events.ts';
import type { BenchNodes, Shape } from './support/cluster-nodes.ts';
import { describeMachine } from './support/machine.ts';
import { type PartsOfMove, partsOfMove, partsText } from './support/move-parts.ts';
import { type ProbedOrder, ProbeMember } from './support/probe-member.ts';
import { symbolOf } from './support/recovery-market.ts';
import { programText } from './support/report.ts';

const SHAPE: Shape = { name: 'move', gateways: ['gateway-1'], engines: ['engine-1', 'engine-2'] };
const MEMBERS = 100;
/** Orders are watched from this long before the operator's request until this long after it. */
const BEFORE_MS = 200;
const AFTER_MS = 1_000;
const TIMEOUT_MS = 30_000;

/** ms. */
interface Move {
  readonly to: string;
  /** The longest between two acknowledgements of one member, less the time between two orders of his. */
  readonly pauseMs: number;
  /** The longest that an order waited. */
  readonly waitMs: number;
  /** The two of a time of the same length without a move. */
  readonly quietPauseMs: number;
  readonly quietWaitMs: number;
  readonly parts: PartsOfMove;
}

interface Options {
  readonly moves: number;
  readonly openOrders: number;
  readonly everyMs: number;
  /** Members who send orders at the same time, each every `everyMs`. */
  readonly active: number;
}

async function run({ moves, openOrders, everyMs, active }: Options): Promise<void> {
  if (!hasNatsServer()) throw new Error('a cluster needs NATS: install nats-server');
  process.stdout.write(`${programText(describeMachine(fileURLToPath(new URL('..', import.meta.url))))}\n\n`);
  const nats = await startNatsServer();
  const postgres = await startBenchPostgres();
  const size = { openOrders, symbols: 1, members: MEMBERS };
  try {
    const options = { postgres, natsUrl: nats.url, shape: SHAPE };
    await withCluster('moves', options, size, undefined, async (nodes, ownerOf) => {
      await delay(systemClock, SETTLE_MS);
      const found: Move[] = [];
      for (let no = 1; no <= moves; no += 1) {
        // Others each time: an account that is loaded again reads all that it has entered on the day.
        const indexes = Array.from({ length: active }, (_, index) => (no * active + index) % MEMBERS);
        const port = nodes.fixPorts[0] ?? 0;
        const members = await Promise.all(indexes.map((index) => ProbeMember.logOn(port, index, PASSWORD)));
        try {
          const move = await moveOnce(nodes, ownerOf, members, everyMs);
          process.stdout.write(`${moveText(no, move)}\n`);
          found.push(move);
        } finally {
          for (const member of members) member.close();
        }
      }
      process.stdout.write(`\n${summaryText(found)}\n`);
    });
  } finally {
    await postgres.close();
    await nats.stop();
  }
}

async function moveOnce(
  nodes: BenchNodes,
  ownerOf: (symbol: string) => Promise<string | undefined>,
  members: readonly ProbeMember[],
  everyMs: number,
): Promise<Move> {
  const symbol = symbolOf(0);
  const from = await ownerOf(symbol);
  const to = SHAPE.engines.find((name) => name !== from) ?? '';
  const quiet = await whileProbing(members, symbol, everyMs, async () => {
    await delay(systemClock, BEFORE_MS + AFTER_MS);
  });
  const before = new Map(nodes.names.map((name) => [name, nodes.logOf(name).length]));
  let askedAt = 0;
  const moving = await whileProbing(members, symbol, everyMs, async () => {
    await delay(systemClock, BEFORE_MS);
    askedAt = systemClock.now();
    await nodes.post(to, '/v1/placement', { symbols: [symbol], node: to });
    await until('the other engine to have it', async () => (await ownerOf(symbol)) === to, TIMEOUT_MS);
    await delay(systemClock, AFTER_MS);
  });
  const logOf = (name: string) => nodes.logOf(name).slice(before.get(name));
  return {
    to,
    ...moving,
    quietPauseMs: quiet.pauseMs,
    quietWaitMs: quiet.waitMs,
    parts: partsOfMove(askedAt, logOf(from ?? ''), logOf(to)),
  };
}

async function whileProbing(
  members: readonly ProbeMember[],
  symbol: string,
  everyMs: number,
  work: () => Promise<void>,
): Promise<{ readonly pauseMs: number; readonly waitMs: number }> {
  const orders = new Map<ProbeMember, Promise<ProbedOrder>[]>(members.map((member) => [member, []]));
  const stop = systemClock.every(everyMs, () => {
    for (const [member, ofMember] of orders) {
      const order = member.order(symbol);
      order.catch(() => {});
      ofMember.push(order);
    }
  });
  try {
    await work();
  } finally {
    stop();
  }
  const answered = await Promise.all([...orders.values()].map((ofMember) => Promise.all(ofMember)));
  return {
    pauseMs: Math.max(0, ...answered.map((ofMember) => longestGap(ofMember) - everyMs)),
    waitMs: Math.max(...answered.flat().map(({ sentMs, ackedMs }) => ackedMs - sentMs)),
  };
}

function longestGap(orders: readonly ProbedOrder[]): number {
  const acks = orders.map(({ ackedMs }) => ackedMs).sort((left, right) => left - right);
  return Math.max(0, ...acks.slice(1).map((ackedMs, index) => ackedMs - (acks[index] ?? 0)));
}

function moveText(no: number, { to, pauseMs, waitMs, quietPauseMs, quietWaitMs, parts }: Move): string {
  return (
    `${String(no).padStart(2)} to ${to}: pause ${ms(pauseMs)} (no move ${ms(quietPauseMs)}), longest wait ` +
    `${ms(waitMs)} (no move ${ms(quietWaitMs)}); ${partsText(parts)}; load ${loadavg()[0]?.toFixed(1)}`
  );
}

function summaryText(moves: readonly Move[]): string {
  const middle = (of: (move: Move) => number): string => {
    const values = moves.map(of).sort((left, right) => left - right);
    return `${ms(values[0] ?? 0)} / ${ms(values[Math.floor(values.length / 2)] ?? 0)} / ${ms(values.at(-1) ?? 0)}`;
  };
  const names = Object.keys(moves[0]?.parts ?? {}) as (keyof PartsOfMove)[];
  return [
    'lowest / middle / highest',
    `  pause             ${middle(({ pauseMs }) => pauseMs)}`,
    `  pause, no move    ${middle(({ quietPauseMs }) => quietPauseMs)}`,
    `  longest wait      ${middle(({ waitMs }) => waitMs)}`,
    `  wait, no move     ${middle(({ quietWaitMs }) => quietWaitMs)}`,
    ...names.map((name) => `  ${name.padEnd(17)} ${middle(({ parts }) => parts[name])}`),
  ].join('\n');
}

function ms(value: number): string {
  return value.toFixed(0);
}

const { values } = parseArgs({
  options: {
    moves: { type: 'string', default: '10' },
    orders: { type: 'string', default: '10000' },
    every: { type: 'string', default: '10' },
    active: { type: 'string', default: '1' },
  },
});
await run({
  moves: Number(values.moves),
  openOrders: Number(values.orders),
  everyMs: Number(values.every),
  active: Number(values.active),
});
