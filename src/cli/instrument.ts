/** `onebook instrument …`: what is traded, and whether it trades now. */
import type { Command } from 'commander';
import {
  type ClientFlags,
  clientCommand,
  connect,
  groupCommand,
  showCard,
  showList,
} from './client-command.ts';
import type { Column } from './table.ts';

interface BySymbol extends ClientFlags {
  readonly symbol: string;
}

interface AddFlags extends BySymbol {
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly minQty?: string;
  readonly maxQty?: string;
  readonly priceBandPct?: string;
  readonly marketProtectionPct?: string;
  readonly referencePrice?: string;
  readonly makerBps?: string;
  readonly takerBps?: string;
}

const TERMS: readonly Column[] = [
  { title: 'SYMBOL', field: 'symbol' },
  { title: 'BASE', field: 'base' },
  { title: 'QUOTE', field: 'quote' },
  { title: 'TICK', field: 'tick', right: true },
  { title: 'LOT', field: 'lot', right: true },
  { title: 'MIN QTY', field: 'minQty', right: true },
  { title: 'MAX QTY', field: 'maxQty', right: true },
  { title: 'BAND %', field: 'priceBandPct', right: true },
  { title: 'PROTECTION %', field: 'marketProtectionPct', right: true },
  { title: 'MAKER BPS', field: 'makerBps', right: true },
  { title: 'TAKER BPS', field: 'takerBps', right: true },
  { title: 'REFERENCE', field: 'referencePrice', right: true },
  { title: 'STATUS', field: 'status' },
  { title: 'BY', field: 'haltedBy' },
  { title: 'REASON', field: 'reason' },
];

/** Adds the commands to the program. */
export function addInstrumentCommands(program: Command): void {
  const instrument = groupCommand(
    program,
    'instrument',
    'instruments: add, list, halt, resume, set the reference price',
  );

  clientCommand(instrument, 'add', 'list a new instrument; it trades at once')
    .requiredOption('--symbol <symbol>', 'Symbol (55): capital letters, digits, ".", "_", "/" and "-"')
    .requiredOption('--base <asset>', 'the asset that is bought and sold')
    .requiredOption('--quote <asset>', 'the asset that prices are in')
    .requiredOption('--tick <decimal>', 'smallest step of a price')
    .requiredOption('--lot <decimal>', 'smallest step of a quantity')
    .option('--min-qty <decimal>', 'smallest OrderQty (38); default one lot')
    .option('--max-qty <decimal>', 'largest OrderQty (38); default 10^12 lots')
    .option('--price-band-pct <percent>', 'how far from the reference price a limit may be; default any')
    .option('--market-protection-pct <percent>', 'how far from it a market order may trade; default 5')
    .option('--reference-price <decimal>', 'what both refer to until the first trade')
    .option('--maker-bps <decimal>', 'fee of the resting side, in basis points of the notional; default 0')
    .option('--taker-bps <decimal>', 'fee of the incoming side; default 0')
    .addHelpText(
      'after',
      '\nExample:\n  onebook instrument add --symbol BTC-USD --base BTC --quote USD --tick 0.01 --lot 0.0001',
    )
    .action(async (flags: AddFlags) => {
      const { symbol, base, quote, tick, lot, minQty, maxQty, priceBandPct, marketProtectionPct } = flags;
      const { referencePrice, makerBps, takerBps } = flags;
      const terms = {
        ...{ symbol, base, quote, tick, lot, minQty, maxQty, priceBandPct, marketProtectionPct },
        ...{ referencePrice, makerBps, takerBps },
      };
      showCard(flags, await (await connect(flags)).post('/v1/instruments', terms), TERMS);
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

  clientCommand(
    instrument,
    'resume',
    'let a halted symbol trade again; after a crash its book is rebuilt first',
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
