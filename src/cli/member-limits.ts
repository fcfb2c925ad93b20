/**
 * Limits and fees that `onebook user add` and `onebook user set` give a member: their flags, and the columns that show
 * them.
 */
import type { Command } from 'commander';
import { CliFailure, EXIT } from './failure.ts';
import { orNone, readCountOrNone } from './flag-values.ts';
import type { Column } from './table.ts';

/** As commander gives them. */
export interface LimitFlags {
  readonly stp?: string;
  readonly maxOrderQty?: string;
  readonly maxOrderNotional?: string;
  readonly maxOpenOrders?: string;
  readonly priceBandPct?: string;
  readonly makerBps?: string;
  readonly takerBps?: string;
}

/** SelfMatchPreventionMode (7929) as operators write it. */
const STP_MODES: Readonly<Record<string, string | null>> = {
  none: null,
  default: null,
  newest: 'CancelNewest',
  oldest: 'CancelOldest',
  both: 'CancelBoth',
  decrement: 'Decrement',
};
const STP_WORDS = {
  CancelNewest: 'cancel newest',
  CancelOldest: 'cancel oldest',
  CancelBoth: 'cancel both',
  Decrement: 'decrement',
};

/** All limits, and the fees, for a card. */
export const LIMITS: readonly Column[] = [
  { title: 'SELF-TRADE PREVENTION', field: 'selfTradePrevention', words: STP_WORDS },
  { title: 'MAX ORDER QTY', field: 'maxOrderQty', right: true },
  { title: 'MAX ORDER NOTIONAL', field: 'maxOrderNotional', right: true },
  { title: 'MAX OPEN ORDERS', field: 'maxOpenOrders', right: true },
  { title: 'BAND %', field: 'priceBandPct', right: true },
  { title: 'MAKER BPS', field: 'makerBps', right: true },
  { title: 'TAKER BPS', field: 'takerBps', right: true },
];

/** Adds the flags. */
export function withLimits(command: Command): Command {
  return command
    .option('--stp <mode>', 'for orders that have no mode: none, newest, oldest, both (canceled), decrement')
    .option('--max-order-qty <decimal>', 'largest OrderQty (38), whatever the symbol; or none')
    .option('--max-order-notional <decimal>', 'the most that an order may be worth; or none')
    .option('--max-open-orders <count>', 'how many orders may be open, over all symbols; or none')
    .option('--price-band-pct <percent>', 'how far from the reference price a limit may be; or none')
    .option('--maker-bps <bps>', 'its fee as maker, in basis points; default: the instrument’s')
    .option('--taker-bps <bps>', 'its fee as taker, in basis points; default: the instrument’s');
}

/** The limits that the flags name, as the API takes them; it judges them. */
export function readLimits(flags: LimitFlags): Record<string, unknown> {
  return {
    selfTradePrevention: readStp(flags.stp),
    maxOrderQty: orNone(flags.maxOrderQty),
    maxOrderNotional: orNone(flags.maxOrderNotional),
    maxOpenOrders: readCountOrNone('--max-open-orders', flags.maxOpenOrders),
    priceBandPct: orNone(flags.priceBandPct),
    makerBps: readFee('--maker-bps', flags.makerBps),
    takerBps: readFee('--taker-bps', flags.takerBps),
  };
}

/** No fee and the instrument's fee are two things: `none`, which could mean either, is neither. */
function readFee(flag: string, value: string | undefined): string | null | undefined {
  if (value === 'default') return null;
  if (value !== 'none') return value;
  throw new CliFailure(
    EXIT.usage,
    `${flag} is a number of basis points (0 for no fee) or default, not "none"`,
  );
}

function readStp(word: string | undefined): string | null | undefined {
  if (word === undefined) return undefined;
  const mode = Object.hasOwn(STP_MODES, word) ? STP_MODES[word] : undefined;
  if (mode !== undefined) return mode;
  throw new CliFailure(EXIT.usage, `--stp is none, newest, oldest, both or decrement, not "${word}"`);
}
