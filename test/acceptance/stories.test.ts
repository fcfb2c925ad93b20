/**
 * The tables of transitions and races, every order type and every request, over FIX sessions of each version against
 * the venue as operators run it.
 */

import type { FixVersion } from '../../src/fix/version.ts';
import { forEachVersion } from '../support/fix-versions.ts';
import { STORIES } from '../support/stories/all.ts';
import { type ClientSession, clientSession, StoryTeller } from '../support/stories/teller.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

describe('Stories of orders', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let teller: StoryTeller;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    teller = new StoryTeller(venue);
  });

  after(() => removeVenue(venue.dataDir));

  forEachVersion((version) => {
    chaptersIn(
      version,
      () => teller,
      () => venue.fixPort,
    );
  });
});

function chaptersIn(version: FixVersion, teller: () => StoryTeller, port: () => number): void {
  let sessions: ReadonlyMap<string, ClientSession>;

  before(async () => {
    const logon = { port: port(), version };
    sessions = await teller().join(version, (identity) => clientSession(identity, logon));
  });

  after(async () => {
    for (const session of sessions.values()) await session.logout();
  });

  for (const [chapter, stories] of STORIES) {
    describe(chapter, () => {
      for (const story of stories.filter(({ versions }) => versions.includes(version))) {
        it(story.title, () => teller().tell(story, version, sessions));
      }
    });
  }
}
