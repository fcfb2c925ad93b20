/** `onebook orders`, `onebook order cancel` and `onebook trades`. */
import type { Command } from 'commander';
import { queryOf } from './admin-client.ts';
import {
  type ClientFlags,
  clientCommand,
  connect,
  groupCommand,
  showList,
  showSentence,
} from './client-command.ts';
import { CliFailure, EXIT } from './failure.ts';
import type { Column } from './table.ts';

interface OrderFlags extends ClientFlags {
  readonly username?: string;
  readonly symbol?: string;
  readonly all?: boolean;
  readonly limit?: string;
  readonly days?: string;
}

interface CancelFlags extends OrderFlags {
  readonly side?: string;
  readonly reason?: string;
}

const SIDES = { '1': 'buy', '2': 'sell' };
const ORD_TYPES = { '1': 'market', '2': 'limit', '3': 'stop', '4': 'stop limit' };
const TIMES_IN_FORCE = { '0': 'day', '1': 'GTC', '3': 'IOC', '4': 'FOK', '6': 'GTD' };

const ORDERS: readonly Column[] = [
  { title: 'ORDER ID', field: 'orderId', right: true },
  { title: 'USERNAME', field: 'username' },
  { title: 'CLORDID', field: 'clOrdId' },
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'SIDE', field: 'side', words: SIDES },
  { title: 'TYPE', field: 'ordType', words: ORD_TYPES },
  { title: 'TIF', field: 'timeInForce', words: TIMES_IN_FORCE },
  { title: 'PRICE', field: 'price', right: true },
  { title: 'STOP', field: 'stopPx', right: true, rare: true },
  { title: 'TRIGGERED', field: 'triggered', rare: true },
  { title: 'QTY', field: 'orderQty', right: true },
  { title: 'FILLED', field: 'cumQty', right: true },
  { title: 'LEFT', field: 'leavesQty', right: true },
  { title: 'DISPLAYED', field: 'displayedQty', right: true, rare: true },
  { title: 'MAX FLOOR', field: 'maxFloor', right: true, rare: true },
  { title: 'MIN QTY', field: 'minQty', right: true, rare: true },
  { title: 'INST', field: 'execInst', words: { '6': 'post-only', G: 'all or none' }, rare: true },
  { title: 'EXPIRES', field: 'expireTime', rare: true },
  {
    title: 'STATUS',
    field: 'ordStatus',
    words: { '0': 'new', '1': 'partially filled', '2': 'filled', '4': 'canceled', C: 'expired' },
  },
  { title: 'ENTERED', field: 'createdAt' },
];

const TRADES: readonly Column[] = [
  { title: 'TRADE ID', field: 'tradeId', right: true },
  { title: 'EXECUTED', field: 'executedAt' },
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'PRICE', field: 'price', right: true },
  { title: 'QTY', field: 'quantity', right: true },
  { title: 'MAKER', field: 'maker' },
  { title: 'TAKER', field: 'taker' },
  { title: 'TAKER SIDE', field: 'takerSide', words: SIDES },
  { title: 'MAKER FEE', field: 'makerFee', right: true },
  { title: 'TAKER FEE', field: 'takerFee', right: true },
  { title: 'SINCE THEN', field: 'amended' },
];

/** Adds the commands to the program. */
export function addOrderCommands(program: Command): void {
  clientCommand(program, 'orders', 'show open orders as committed, the newest first')
    .option('--username <name>', 'of one member only')
    .option('--symbol <symbol>', 'of one symbol only')
    .option('--all', 'closed ones too')
    .option('--limit <count>', 'show at most so many; default 100')
    .action(async (flags: OrderFlags) => {
      const { username, symbol, all, limit } = flags;
      const query = queryOf({ username, symbol, all, limit });
      showList(flags, await (await connect(flags)).get(`/v1/orders${query}`), 'orders', ORDERS);
    });

  const order = groupCommand(program, 'order', 'orders: cancel');
  clientCommand(order, 'cancel', 'cancel open orders; their owners are told that the operator did')
    .option('--username <name>', 'all orders of this member')
    .option('--symbol <symbol>', 'all orders of this symbol')
    .option('--all', 'all orders of the node, symbol by symbol')
    .option('--side <side>', 'buy or sell; both without it')
    .option('--reason <text>', 'why; the owners are told')
    .action(async (flags: CancelFlags) => {
      const { username, symbol, all, reason } = flags;
      const chosen = [username, symbol, all].filter((choice) => choice !== undefined);
      if (chosen.length !== 1) {
        throw new CliFailure(EXIT.usage, 'say which orders with one of --username, --symbol and --all');
      }
      const request = { username, symbol, all, side: readSide(flags.side), reason };
      const body = await (await connect(flags)).post('/v1/orders/cancel', request);
      const { cancelsRequested } = body;
      showSentence(flags, body, `cancels requested: ${cancelsRequested}`);
    });

  clientCommand(program, 'trades', 'show trades, the newest first')
    .option('--symbol <symbol>', 'of one symbol only')
    .option('--days <count>', 'of the last so many days; default 7')
    .option('--limit <count>', 'show at most so many; default 100')
    .action(async (flags: OrderFlags) => {
      const query = queryOf({ symbol: flags.symbol, limit: flags.limit, days: flags.days });
      showList(flags, await (await connect(flags)).get(`/v1/trades${query}`), 'trades', TRADES);
    });
}

/** Side (54). */
function readSide(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  if (word === 'buy') return '1';
  if (word === 'sell') return '2';
  throw new CliFailure(EXIT.usage, `--side is buy or sell, not "${word}"`);
}
