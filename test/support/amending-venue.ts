/** A funded venue with an operator who busts and corrects trades. */
import type { WantedAmendment } from '../../src/accounts/amendments.ts';
import type { Reply, SubmitTradeAmendment } from '../../src/actors/protocol.ts';
import { formatAmount } from '../../src/platform/decimal.ts';
import { type FundedVenue, openFundedVenue } from './funded-venue.ts';
import { buyOrder, sellOrder } from './member-commands.ts';
import type { Venue, VenueOptions } from './venue.ts';

export const BUST: WantedAmendment = { type: 'Bust' };

export interface AmendingVenue extends FundedVenue {
  /** Amends the venue's last trade. Resolves with what the operator is told. */
  amend(wanted: WantedAmendment, changes?: Partial<SubmitTradeAmendment>): Promise<Reply>;
  /** The same as text: `done`, or the reason why not. */
  outcome(wanted: WantedAmendment, changes?: Partial<SubmitTradeAmendment>): Promise<string>;
  lastTradeId(): number;
  /** What a user owns, as `amount asset`; user 0 is the venue. */
  owns(userId: number, asset: string): string;
  /** Bob's `ask` sells `quantity` BTC to Alice's `bid` of `total`, which rests at 100; ClOrdIDs end in `suffix`. */
  trade(quantity?: string, total?: string, suffix?: string): Promise<void>;
}

/** Asks for an amendment as an operator does. */
export function amendTrade(
  venue: Venue,
  tradeId: number,
  wanted: WantedAmendment,
  changes: Partial<SubmitTradeAmendment> = {},
): Promise<Reply> {
  const said = { chargesVenue: false, reason: 'fat finger', requestedBy: 'olga' } as const;
  return venue.ask((replyTo) =>
    venue.tell(
      { type: 'exchange' },
      { type: 'SubmitTradeAmendment', tradeId, wanted, ...said, replyTo, ...changes },
    ),
  );
}

export async function openAmendingVenue(options: VenueOptions = {}): Promise<AmendingVenue> {
  const funded = await openFundedVenue(options);
  const { venue, alice, bob } = funded;
  const amending: AmendingVenue = {
    ...funded,
    amend: (wanted, changes) => amendTrade(venue, amending.lastTradeId(), wanted, changes),
    async outcome(wanted, changes) {
      const reply = await amending.amend(wanted, changes);
      return reply.type === 'CommandRejected' ? reply.text : 'done';
    },
    lastTradeId() {
      const trade = venue.store.events.findLast((event) => event.type === 'TradeExecuted');
      return trade?.tradeId ?? 0;
    },
    owns: (userId, asset) => `${formatAmount(venue.store.balance(userId, asset).amount)} ${asset}`,
    async trade(quantity = '1', total = '1', suffix = '') {
      alice.send(buyOrder(`bid${suffix}`, total, '100', { timeInForce: '1' }));
      bob.send(sellOrder(`ask${suffix}`, quantity, '100', { timeInForce: '1' }));
      await venue.settled();
      alice.clear();
      bob.clear();
    },
  };
  return amending;
}
