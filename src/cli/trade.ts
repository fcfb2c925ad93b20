/** `onebook trade bust` and `onebook trade correct`: trades that should not have been. */
import type { Command } from 'commander';
import type { Body } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, groupCommand, showSentence } from './client-command.ts';
import { confirm } from './confirm.ts';
import { CliFailure, EXIT } from './failure.ts';

interface AmendFlags extends ClientFlags {
  readonly reason: string;
  readonly chargeVenue?: boolean;
  readonly price?: string;
  readonly qty?: string;
  readonly yes?: boolean;
}

/** Adds the commands to the program. */
export function addTradeCommands(program: Command): void {
  const trade = groupCommand(program, 'trade', 'trades: bust, correct');
  amendCommand(trade, 'bust', 'take a trade back: both parties get back what they gave, fees included')
    .option('--yes', 'do not ask')
    .action(async (tradeId: string, flags: AmendFlags) => {
      const { reason, chargeVenue } = flags;
      const client = await connect(flags);
      if (flags.yes !== true) await confirm(`takes back trade ${tradeId}, and cannot be undone`);
      const body = await client.post(pathOf(tradeId, 'bust'), { reason, chargeVenue });
      const { symbol, quantityBefore, priceBefore } = body;
      showSentence(
        flags,
        body,
        `trade ${tradeId} is busted: ${quantityBefore} ${symbol} at ${priceBefore}${paid(body)}`,
      );
    });
  amendCommand(trade, 'correct', 'give a trade another price, or less quantity')
    .option('--price <decimal>', 'the price that is right; without it the price stays')
    .option('--qty <decimal>', 'the quantity that is right, not above that of the trade; without it it stays')
    .action(async (tradeId: string, flags: AmendFlags) => {
      const { reason, chargeVenue, price, qty: quantity } = flags;
      if (price === undefined && quantity === undefined) {
        throw new CliFailure(EXIT.usage, 'say what is right with --price, --qty, or both');
      }
      const client = await connect(flags);
      const body = await client.post(pathOf(tradeId, 'correct'), { reason, chargeVenue, price, quantity });
      const { symbol, quantityBefore, priceBefore, quantity: newQuantity, price: newPrice } = body;
      const was = `${quantityBefore} ${symbol} at ${priceBefore}`;
      const now = `${newQuantity} at ${newPrice}`;
      showSentence(flags, body, `trade ${tradeId} is corrected: ${was} is now ${now}${paid(body)}`);
    });
}

function amendCommand(parent: Command, name: string, description: string): Command {
  return clientCommand(parent, name, description)
    .argument('<trade-id>', 'as "onebook trades" shows it; SecondaryExecID (527) of both parties')
    .requiredOption('--reason <text>', 'why; both parties are told')
    .option('--charge-venue', 'what a party no longer has is paid from the account of the venue');
}

function pathOf(tradeId: string, what: 'bust' | 'correct'): string {
  return `/v1/trades/${encodeURIComponent(tradeId)}/${what}`;
}

/** What the venue paid in the place of a party. */
function paid({ charges }: Body): string {
  if (!Array.isArray(charges) || charges.length === 0) return '';
  const texts = charges.map(({ username, asset, amount }) => `${amount} ${asset} for ${username}`);
  return `; the venue paid ${texts.join(' and ')}`;
}
