/** `onebook instrument …`: what is traded, within which bounds, and whether it trades now. */
import type { Command } from 'commander';
import {
  type ClientFlags,
  clientCommand,
  connect,
  groupCommand,
  showCard,
  showList,
} from './client-command.ts';
import { CliFailure, EXIT } from './failure.ts';
import { orNone, readCountOrNone } from './flag-values.ts';
import type { Column } from './table.ts';

interface BySymbol extends ClientFlags {
  readonly symbol: string;
}

interface AddFlags extends BySymbol, SettingFlags {
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly referencePrice?: string;
}

/** What `instrument set` may change. */
interface SettingFlags {
  readonly minQty?: string;
  readonly maxQty?: string;
  readonly maxNotional?: string;
  readonly maxOpenOrders?: string;
  readonly priceBandPct?: string;
  readonly marketProtectionPct?: string;
  readonly postOnly?: string;
  readonly makerBps?: string;
  readonly takerBps?: string;
}

/** Whether a symbol trades, in words. */
export const TRADING_STATUS_WORDS = { cancel_only: 'cancel only' };

const TERMS: readonly Column[] = [
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'BASE', field: 'base' },
  { title: 'QUOTE', field: 'quote' },
  { title: 'TICK', field: 'tick', right: true },
  { title: 'LOT', field: 'lot', right: true },
  { title: 'MIN QTY', field: 'minQty', right: true },
  { title: 'MAX QTY', field: 'maxQty', right: true },
  { title: 'MAX NOTIONAL', field: 'maxNotional', right: true },
  { title: 'MAX OPEN', field: 'maxOpenOrders', right: true },
  { title: 'BAND %', field: 'priceBandPct', right: true },
  { title: 'PROTECTION %', field: 'marketProtectionPct', right: true },
  { title: 'POST-ONLY', field: 'postOnly' },
  { title: 'MAKER BPS', field: 'makerBps', right: true },
  { title: 'TAKER BPS', field: 'takerBps', right: true },
  { title: 'REFERENCE', field: 'referencePrice', right: true },
  { title: 'STATUS', field: 'status', words: TRADING_STATUS_WORDS },
  { title: 'BY', field: 'haltedBy' },
  { title: 'REASON', field: 'reason' },
];

/** Adds the commands to the program. */
export function addInstrumentCommands(program: Command): void {
  const instrument = groupCommand(
    program,
    'instrument',
    'instruments: add, list, change, halt, take cancels only, resume, set the reference price',
  );

  withSettings(
    clientCommand(instrument, 'add', 'list a new instrument; it trades at once')
      .requiredOption('--symbol <symbol>', 'Symbol (55): capital letters, digits, ".", "_", "/" and "-"')
      .requiredOption('--base <asset>', 'the asset that is bought and sold')
      .requiredOption('--quote <asset>', 'the asset that prices are in')
      .requiredOption('--tick <decimal>', 'smallest step of a price')
      .requiredOption('--lot <decimal>', 'smallest step of a quantity')
      .option('--reference-price <decimal>', 'what bands and protection refer to until the first trade'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  onebook instrument add --symbol BTC-USD --base BTC --quote USD --tick 0.01 --lot 0.0001',
    )
    .action(async (flags: AddFlags) => {
      const { symbol, base, quote, tick, lot, referencePrice } = flags;
      const terms = { symbol, base, quote, tick, lot, ...readSettings(flags), referencePrice };
      showCard(flags, await (await connect(flags)).post('/v1/instruments', terms), TERMS);
    });

  withSettings(
    clientCommand(
      instrument,
      'set',
      'change the terms of an instrument while it trades; they hold for the next order',
    ).requiredOption('--symbol <symbol>', 'the instrument; its assets, tick and lot stay as they are'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  onebook instrument set --symbol BTC-USD --max-notional 1000000 --price-band-pct none',
    )
    .action(async (flags: BySymbol & SettingFlags) => {
      const settings = readSettings(flags);
      if (Object.values(settings).every((value) => value === undefined)) {
        throw new CliFailure(EXIT.usage, 'say what to change: see --help');
      }
      await change(flags, 'terms', settings);
    });

  clientCommand(instrument, 'list', 'list the instruments').action(async (flags: ClientFlags) => {
    showList(flags, await (await connect(flags)).get('/v1/instruments'), 'instruments', TERMS);
  });

  const change = async (flags: BySymbol, what: string, body?: object): Promise<void> => {
    const path = `/v1/instruments/${encodeURIComponent(flags.symbol)}/${what}`;
    showCard(flags, await (await connect(flags)).post(path, body), TERMS);
  };

  clientCommand(instrument, 'halt', 'refuse new orders and replaces of a symbol; cancels go on')
    .requiredOption('--symbol <symbol>', 'the instrument')
    .requiredOption('--reason <text>', 'why; members are told')
    .action((flags: BySymbol & { readonly reason: string }) =>
      change(flags, 'halt', { reason: flags.reason }),
    );

  clientCommand(instrument, 'cancel-only', 'take cancels of a symbol only: matching goes no further')
    .requiredOption('--symbol <symbol>', 'the instrument')
    .requiredOption('--reason <text>', 'why; members are told')
    .action((flags: BySymbol & { readonly reason: string }) =>
      change(flags, 'cancel-only', { reason: flags.reason }),
    );

  clientCommand(
    instrument,
    'resume',
    'let a symbol trade again that is halted or takes cancels only; after a crash its book is rebuilt first',
  )
    .requiredOption('--symbol <symbol>', 'the instrument')
    .action((flags: BySymbol) => change(flags, 'resume'));

  clientCommand(instrument, 'reference-price', 'set what market orders and price bands refer to')
    .requiredOption('--symbol <symbol>', 'the instrument')
    .requiredOption('--price <decimal>', 'a multiple of the tick; the next trade replaces it')
    .action((flags: BySymbol & { readonly price: string }) =>
      change(flags, 'reference-price', { price: flags.price }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--min-qty <decimal>', 'smallest OrderQty (38); of a new instrument one lot')
    .option('--max-qty <decimal>', 'largest OrderQty (38); of a new instrument 10^12 lots')
    .option('--max-notional <decimal>', 'the most that an order may be worth, in the quote asset; or none')
    .option('--max-open-orders <count>', 'how many orders a member may have open here; or none')
    .option('--price-band-pct <percent>', 'how far from the reference price a limit may be; or none')
    .option('--market-protection-pct <percent>', 'how far from it a market order may trade; 5 at first')
    .option(
      '--post-only <what>',
      'a post-only order that would trade: reject, or slide behind the other side',
    )
    .option('--maker-bps <decimal>', 'fee of the resting side, in basis points of the notional; 0 at first')
    .option('--taker-bps <decimal>', 'fee of the incoming side; 0 at first');
}

/** The settings that the flags name, as the API takes them; it judges them. */
function readSettings(flags: SettingFlags): Record<string, unknown> {
  const { minQty, maxQty, marketProtectionPct, postOnly, makerBps, takerBps } = flags;
  if (postOnly !== undefined && postOnly !== 'reject' && postOnly !== 'slide') {
    throw new CliFailure(EXIT.usage, `--post-only is reject or slide, not "${postOnly}"`);
  }
  return {
    minQty,
    maxQty,
    maxNotional: orNone(flags.maxNotional),
    maxOpenOrders: readCountOrNone('--max-open-orders', flags.maxOpenOrders),
    priceBandPct: orNone(flags.priceBandPct),
    marketProtectionPct,
    postOnly,
    makerBps,
    takerBps,
  };
}
