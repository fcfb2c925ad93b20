/** A venue with two members who have something to trade: the start of most tests of the actors. */
import { type Member, openVenue, type Venue, type VenueOptions } from './venue.ts';

export const ALICE = 1;
export const BOB = 2;

export interface FundedVenue {
  readonly venue: Venue;
  /** Has 10,000 USD. */
  readonly alice: Member;
  /** Has 10 BTC and 10 ETH. */
  readonly bob: Member;
}

/** Opens it and waits until all of that is committed. */
export async function openFundedVenue(options: VenueOptions = {}): Promise<FundedVenue> {
  const venue = await openVenue(options);
  const alice = await venue.member(ALICE);
  const bob = await venue.member(BOB);
  await venue.deposit(ALICE, 'USD', '10000');
  await venue.deposit(BOB, 'BTC', '10');
  await venue.deposit(BOB, 'ETH', '10');
  await venue.settled();
  return { venue, alice, bob };
}
