/**
 * Prepares a running venue for the scenario, through the same admin API that operators use: instruments, members,
 * no orders left of an earlier run, and funds. What is there already is kept.
 */
import { type Clock, delay } from '../platform/clock.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import type { MemberLogins } from './credentials.ts';
import { MEMBER_NAMES, type MemberName } from './protocol.ts';
import { FUNDS, INSTRUMENTS, SYMBOL } from './scenario.ts';

/** The admin API. Its failures reject with a line for people. */
export interface Operator {
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  post(path: string, body?: object): Promise<Readonly<Record<string, unknown>>>;
}

/** The venue is in a state that the demo must not change. */
export class SetupRefused extends Error {
  override readonly name = 'SetupRefused';
}

export interface SetupOptions {
  readonly operator: Operator;
  readonly logins: MemberLogins;
  readonly runId: string;
  /** Whether members named alice and bob, and orders in the way, can only be the demo's own. */
  readonly isOwnVenue: boolean;
  readonly clock: Clock;
  /** Told what is done. */
  readonly say: (line: string) => void;
  /** What is traded; by default what the demo of one process does. */
  readonly market?: DemoMarket;
}

/** What a scenario needs. */
export interface DemoMarket {
  readonly instruments: typeof INSTRUMENTS;
  /** What each member has at least when the trading begins. */
  readonly funds: typeof FUNDS;
  /** Nobody may have orders in these. */
  readonly clearedSymbols: readonly string[];
}

const MARKET: DemoMarket = { instruments: INSTRUMENTS, funds: FUNDS, clearedSymbols: [SYMBOL] };

/** What the lists of the admin API contain, as far as the demo looks at it. */
interface Item {
  readonly symbol?: string;
  readonly base?: string;
  readonly quote?: string;
  readonly tick?: string;
  readonly lot?: string;
  readonly makerBps?: string;
  readonly takerBps?: string;
  readonly status?: string;
  readonly reason?: string | null;
  readonly ready?: boolean;
  readonly username?: string;
  readonly compId?: number;
  readonly asset?: string;
  readonly amount?: string;
  readonly available?: string;
}

const POLL_MS = 20;
const TIMEOUT_MS = 30_000;

/** Safe to repeat. Throws {@link SetupRefused}, or what the operator's calls reject with. */
export async function setUpVenue(options: SetupOptions): Promise<void> {
  await addInstruments(options);
  await addMembers(options);
  await clearBook(options);
  await addFunds(options);
}

async function addInstruments({ operator, say, clock, market = MARKET }: SetupOptions): Promise<void> {
  const { instruments } = market;
  const listed = await list(operator, '/v1/instruments', 'instruments');
  for (const terms of instruments) {
    const { symbol } = terms;
    const found = listed.find((instrument) => instrument.symbol === symbol);
    if (found === undefined) {
      await operator.post('/v1/instruments', terms);
      say(`instrument ${symbol}: tick ${terms.tick}, lot ${terms.lot}, fees 10 and 20 basis points`);
      continue;
    }
    for (const name of ['base', 'quote', 'tick', 'lot', 'makerBps', 'takerBps'] as const) {
      if (found[name] === terms[name]) continue;
      const problem = `${name} of ${symbol} is ${found[name]} here, and ${terms[name]} in the demo`;
      throw new SetupRefused(`${problem}: give the demo a database of its own`);
    }
    if (found.status !== 'open') {
      await operator.post(`/v1/instruments/${symbol}/resume`);
      say(`instrument ${symbol} was halted (${found.reason}): it trades again`);
    }
  }
  await until(clock, 'the books do not open', async () => {
    const symbols = await list(operator, '/v1/status', 'symbols');
    return instruments.every(({ symbol }) =>
      symbols.some((book) => book.symbol === symbol && book.ready === true && book.status === 'open'),
    );
  });
}

async function addMembers({ operator, logins, isOwnVenue, say }: SetupOptions): Promise<void> {
  const users = await list(operator, '/v1/users', 'users');
  for (const username of MEMBER_NAMES) {
    const { compId, password } = logins[username];
    const found = users.find((user) => user.username === username);
    if (found === undefined) {
      await operator.post('/v1/users', { username, password, compId, resetOnLogon: true });
      say(`member ${username}: SenderCompID ${compId}`);
      continue;
    }
    if (!isOwnVenue || found.compId !== compId) {
      const problem = `there is a member ${username} that is not the demo's`;
      throw new SetupRefused(`${problem}: give the demo a database of its own`);
    }
    await operator.post(`/v1/users/${username}/password`, { password });
    if (found.status !== 'active') await operator.post(`/v1/users/${username}/enable`);
  }
}

async function clearBook(options: SetupOptions): Promise<void> {
  const { operator, isOwnVenue, clock, say, market = MARKET } = options;
  const open = async (query: string): Promise<number> =>
    (await list(operator, `/v1/orders?${query}`, 'orders')).length;
  const clear = async (query: string, whose: string, body: object): Promise<void> => {
    if ((await open(query)) === 0) return;
    await operator.post('/v1/orders/cancel', body);
    say(`canceled ${whose}`);
    await until(clock, `${whose} stay open`, async () => (await open(query)) === 0);
  };
  for (const username of MEMBER_NAMES) {
    await clear(`username=${username}`, `the orders that ${username} left in the book`, { username });
  }
  for (const symbol of market.clearedSymbols) {
    if (!isOwnVenue && (await open(`symbol=${symbol}`)) > 0) {
      throw new SetupRefused(`others have orders in ${symbol}: give the demo a database of its own`);
    }
    await clear(`symbol=${symbol}`, `the orders of other members in ${symbol}`, { symbol });
  }
}

async function addFunds({ operator, runId, say, market = MARKET }: SetupOptions): Promise<void> {
  for (const username of MEMBER_NAMES) {
    const balances = await list(operator, `/v1/balances?username=${username}`, 'balances');
    for (const [asset, target] of Object.entries(market.funds[username])) {
      const found = balances.find((balance) => balance.asset === asset);
      const missing = amountOf(target) - amountOf(found?.available ?? '0');
      if (missing <= 0n) continue;
      const amount = formatAmount(missing);
      const id = `demo-${runId}-${username}-${asset}`;
      await operator.post('/v1/transfers', { type: 'deposit', username, asset, amount, id });
      say(`deposit: ${amount} ${asset} for ${username}`);
    }
  }
}

/** What the scenario's buyer cannot pay: more whole units than her funds are good for. */
export async function unaffordableQuantity(
  operator: Operator,
  member: MemberName,
  price: string,
): Promise<string> {
  const balances = await list(operator, `/v1/balances?username=${member}`, 'balances');
  const funds = balances.find((balance) => balance.asset === 'USD');
  return String(amountOf(funds?.amount ?? '0') / amountOf(price) + 1n);
}

function amountOf(text: string): bigint {
  const units = parseAmount(text);
  if (typeof units === 'string')
    throw new SetupRefused(`the admin API tells an amount that is none: ${text}`);
  return units;
}

async function list(operator: Operator, path: string, name: string): Promise<readonly Item[]> {
  const items = (await operator.get(path))[name];
  return Array.isArray(items) ? (items as Item[]) : [];
}

async function until(clock: Clock, failure: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadline = clock.now() + TIMEOUT_MS;
  while (!(await isDone())) {
    if (clock.now() > deadline) throw new SetupRefused(failure);
    await delay(clock, POLL_MS);
  }
}
