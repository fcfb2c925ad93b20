/**
 * The tables of transitions and races, every order type and every request, in the pure core: message, account, book,
 * settlement, report. test/acceptance/stories.test.ts tells the same stories to the venue as operators run it.
 */

import type { FixVersion } from '../../src/fix/version.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { textOf } from '../support/fix-client.ts';
import { forEachVersion } from '../support/fix-versions.ts';
import { makeInstrument } from '../support/instruments.ts';
import { STORIES } from '../support/stories/all.ts';
import { PureMarket } from '../support/stories/pure-market.ts';
import { Reading } from '../support/stories/reading.ts';
import { expectedIn, type Story } from '../support/stories/story.ts';

const MEMBERS: Readonly<Record<string, number>> = { alice: 1, bob: 2, carol: 3 };
const NOW = Date.UTC(2024, 4, 6, 12);

describe('stories of orders in the core', () => {
  forEachVersion((version) => {
    for (const [chapter, stories] of STORIES) {
      describe(chapter, () => {
        for (const story of stories.filter((one) => one.isPure && one.versions.includes(version))) {
          it(story.title, () => tell(story, version));
        }
      });
    }
  });
});

function tell(story: Story, version: FixVersion): void {
  const market = new PureMarket(instrumentOf(story), Object.values(MEMBERS), version);
  const reading = new Reading('S-USD', version);
  for (const { action, told } of story.steps) {
    if ('deed' in action) throw new Error('the core has no operator');
    for (const message of action) {
      market.send(userIdOf(message.who), message.msgType, reading.fieldsToSend(message, NOW));
    }
    for (const one of told) {
      const expected = expectedIn(version, one);
      const message = market.hear(userIdOf(expected.who));
      if (message === undefined)
        throw new Error(`${expected.who} hears nothing: ${JSON.stringify(expected)}`);
      const difference = reading.difference(expected, message);
      if (difference !== undefined)
        throw new Error(`${expected.who}: expected ${difference} in ${textOf(message)}`);
    }
  }
  const [unexpected] = market.unheard();
  if (unexpected !== undefined) throw new Error(`told besides: ${textOf(unexpected)}`);
}

function instrumentOf({ instrument }: Story) {
  const { postOnlySlides = false, maxNotional, maxOpenOrders } = instrument;
  const notional = maxNotional === undefined ? undefined : parseAmount(maxNotional);
  if (typeof notional === 'string') throw new Error(notional);
  const terms = { symbol: 'S-USD', baseAsset: 'COIN', tick: '1', lot: '1', maxQuantityLots: 1_000_000 };
  return { ...makeInstrument(terms), postOnlySlides, maxNotional: notional, maxOpenOrders };
}

function userIdOf(who: string): number {
  const userId = MEMBERS[who];
  if (userId === undefined) throw new Error(`nobody is called ${who}`);
  return userId;
}
