/**
 * What members see when a symbol moves to another engine, and when an engine is killed: two gateways and two engines,
 * 10,000 open orders, and a member that goes on sending.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { hashPassword } from '../../src/platform/passwords.ts';
import { until } from '../../test/support/until.ts';
import { type BenchPostgres, withClient } from './bench-postgres.ts';
import { BenchNodes, type Shape } from './cluster-nodes.ts';
import { Samples } from './percentiles.ts';
import { type ProbedOrder, ProbeMember } from './probe-member.ts';
import { type MarketSize, makeMembers, makeOrders, symbolOf } from './recovery-market.ts';

export interface EventOptions {
  readonly postgres: BenchPostgres;
  readonly natsUrl: string;
  readonly shape: Shape;
}

/** ms. */
export interface MoveFigures {
  readonly openOrders: number;
  /** From the operator's request until the rows say that the other has it. */
  readonly ownedMs: number;
  /** The longest that an order waited, and the p50 of those before. */
  readonly pauseMs: number;
  readonly restMs: number;
}

/** ms since the signal. */
export interface TakeoverFigures {
  readonly openOrders: number;
  readonly symbols: number;
  /** Until rows say that the other engine has the last symbol. */
  readonly ownedMs: number;
  readonly firstAckMs: number;
  readonly lastAckMs: number;
}

const OPEN_ORDERS = 10_000;
const TAKEOVER_SYMBOLS = 20;
const MEMBERS = 100;
/** Of every member. */
export const PASSWORD = 'the password of every member';
/** An engine takes nothing from another that lives until it has held its lease for so long. */
export const SETTLE_MS = 11_000;
const PROBE_EVERY_MS = 5;
const PROBE_BEFORE_MS = 1_000;
const PROBE_AFTER_MS = 2_000;
const TIMEOUT_MS = 30_000;

/** A symbol with 10,000 open orders moves from one engine to the other. */
export function measureMove(options: EventOptions): Promise<MoveFigures> {
  const size: MarketSize = { openOrders: OPEN_ORDERS, symbols: 1, members: MEMBERS };
  const symbol = symbolOf(0);
  return withCluster('move', options, size, undefined, async (nodes, ownerOf) => {
    await delay(systemClock, SETTLE_MS);
    const from = await ownerOf(symbol);
    const to = nodes.shape.engines.find((name) => name !== from);
    if (to === undefined) throw new Error('there is no other engine');
    const member = await ProbeMember.logOn(nodes.fixPorts[0] ?? 0, 0, PASSWORD);
    const orders: Promise<ProbedOrder>[] = [];
    const stop = systemClock.every(PROBE_EVERY_MS, () => {
      const order = member.order(symbol);
      order.catch(() => {});
      orders.push(order);
    });
    try {
      await delay(systemClock, PROBE_BEFORE_MS);
      const askedMs = performance.now();
      await nodes.post(to, '/v1/placement', { symbols: [symbol], node: to });
      await until('the other engine to have it', async () => (await ownerOf(symbol)) === to, TIMEOUT_MS);
      const ownedMs = performance.now() - askedMs;
      await delay(systemClock, PROBE_AFTER_MS);
      stop();
      const answered = await Promise.all(orders);
      const rest = new Samples();
      let pauseMs = 0;
      for (const { sentMs, ackedMs } of answered) {
        if (sentMs < askedMs && ackedMs < askedMs) rest.add(ackedMs - sentMs);
        else pauseMs = Math.max(pauseMs, ackedMs - sentMs);
      }
      return { openOrders: OPEN_ORDERS, ownedMs, pauseMs, restMs: rest.percentiles().p50 };
    } finally {
      stop();
      member.close();
    }
  });
}

/** The engine of all symbols is killed; an order in each of them is sent at once. */
export function measureTakeover(options: EventOptions): Promise<TakeoverFigures> {
  const size: MarketSize = { openOrders: OPEN_ORDERS, symbols: TAKEOVER_SYMBOLS, members: MEMBERS };
  const symbols = Array.from({ length: TAKEOVER_SYMBOLS }, (_, index) => symbolOf(index));
  const [victim = ''] = options.shape.engines;
  const placement = Object.fromEntries(symbols.map((symbol) => [symbol, victim]));
  return withCluster('takeover', options, size, placement, async (nodes, ownerOf) => {
    // Accounts on both engines, and none of them loaded yet but those that have sent something.
    const members = await Promise.all(
      symbols.map((_, index) =>
        ProbeMember.logOn(nodes.fixPorts[index % nodes.fixPorts.length] ?? 0, index, PASSWORD),
      ),
    );
    const orderAll = () => symbols.map((symbol, index) => (members[index] as ProbeMember).order(symbol));
    try {
      await Promise.all(orderAll());
      const killedMs = performance.now();
      // The signal is sent before the first order is.
      const killed = nodes.kill(victim);
      const orders = orderAll();
      const owned = until(
        'the symbols to be owned',
        async () => {
          const owner = await ownerOf(symbolOf(TAKEOVER_SYMBOLS - 1));
          return owner !== undefined && owner !== victim;
        },
        TIMEOUT_MS,
      ).then(() => performance.now() - killedMs);
      const [answered, ownedMs] = await Promise.all([
        withTimeout(Promise.all(orders), 'orders after the kill'),
        owned,
        killed,
      ]);
      const ackMs = answered.map(({ ackedMs }) => ackedMs - killedMs);
      return {
        openOrders: OPEN_ORDERS,
        symbols: TAKEOVER_SYMBOLS,
        ownedMs,
        firstAckMs: Math.min(...ackMs),
        lastAckMs: Math.max(...ackMs),
      };
    } finally {
      for (const member of members) member.close();
    }
  });
}

async function withTimeout<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const stop = new AbortController();
  const late = delay(systemClock, TIMEOUT_MS, stop.signal).then(() => {
    throw new Error(`${what} were not answered within ${TIMEOUT_MS} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

/** The nodes of a shape with the open orders of a market, for as long as `work` goes on. */
export async function withCluster<Result>(
  name: string,
  { postgres, natsUrl, shape }: EventOptions,
  size: MarketSize,
  placement: Readonly<Record<string, string>> | undefined,
  work: (nodes: BenchNodes, ownerOf: (symbol: string) => Promise<string | undefined>) => Promise<Result>,
): Promise<Result> {
  const database = `event_${name}`;
  const databaseUrl = await postgres.createDatabase(database);
  const hash = await hashPassword(PASSWORD);
  await withClient(databaseUrl, async (client) => {
    await makeMembers(client, size, hash);
    await makeOrders(client, size);
  });
  const dir = join(postgres.scratchDir, database);
  await mkdir(dir);
  const nodes = await BenchNodes.start({
    shape,
    dir,
    databaseUrl,
    natsUrl,
    ...(placement === undefined ? {} : { placement }),
  });
  try {
    return await withClient(databaseUrl, (client) =>
      work(nodes, async (symbol) => {
        const { rows } = await client.query<{ owner: string | null }>(
          'select case when owner_is_gone(owner, owner_incarnation) then null else owner end as owner ' +
            'from books where symbol = $1',
          [symbol],
        );
        return rows[0]?.owner ?? undefined;
      }),
    );
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}\n${nodes.logEnd()}`, {
      cause: error,
    });
  } finally {
    await nodes.killAll();
    await postgres.dropDatabase(database);
  }
}
