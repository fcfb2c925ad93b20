/**
 * Members with QuickFIX/C++, as Debian packages it, against the real process: every version of FIX, over plain TCP
 * and over TLS by QuickFIX itself, with the dictionaries that the venue prints, every validation on, and the
 * settings of docs/CONNECTING.md. Whatever the engine does not like in a message of ours, it says with a Reject.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FIX_VERSIONS } from '../../../src/fix/version.ts';
import { identityOf } from '../../support/market-day.ts';
import { StoryTeller } from '../../support/stories/teller.ts';
import { until } from '../../support/until.ts';
import { type ClientProgram, compileClient, whyNoQuickFix } from './client-program.ts';
import { describeConversation } from './conversation.ts';
import { describeExamples } from './examples.ts';
import { QuickFixMember } from './quickfix-member.ts';
import { QuickFixVenue } from './quickfix-venue.ts';
import { describeStories } from './stories.ts';
import { TRANSPORTS } from './transports.ts';

const { ONEBOOK_REQUIRE_QUICKFIX } = process.env;
/** Where QuickFIX must be there, its absence fails. */
const isRequired = ONEBOOK_REQUIRE_QUICKFIX === '1';
const whyNot = whyNoQuickFix();

describe('Members with QuickFIX', function () {
  this.timeout(60_000);

  if (whyNot !== undefined) {
    it(`trade through stock QuickFIX (${whyNot})`, function () {
      if (isRequired) throw new Error(whyNot);
      this.skip();
    });
    return;
  }

  let program: ClientProgram;
  let directory: string;
  let venue: QuickFixVenue;
  let teller: StoryTeller;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onebook-quickfix-'));
    [program, venue] = await Promise.all([compileClient(), QuickFixVenue.open(directory)]);
    teller = new StoryTeller(venue);
  });

  after(async () => {
    await venue?.close();
    await program?.remove();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  for (const version of FIX_VERSIONS) {
    for (const transport of TRANSPORTS) {
      describe(`${version} over ${transport === 'tls' ? 'TLS' : 'plain TCP'}`, () => {
        describeConversation(version, transport, () => ({ program: program.path, directory, venue }));
      });
    }
  }

  describe('Raw messages of the page', () => {
    for (const [no, version] of FIX_VERSIONS.entries()) {
      describeExamples(version, no, () => ({ program: program.path, directory, venue }));
    }
  });

  for (const version of FIX_VERSIONS) {
    for (const transport of TRANSPORTS) {
      describe(`Stories of orders in ${version} over ${transport === 'tls' ? 'TLS' : 'plain TCP'}`, () => {
        const surroundings = () => ({ program: program.path, directory, venue, teller });
        describeStories(version, transport, surroundings);
      });
    }
  }

  it('say nothing over TLS to a venue that their authority has not certified', async () => {
    const identity = identityOf('carol', 99);
    const home = join(directory, identity.username);
    const carol = new QuickFixMember({ identity, program: program.path, transport: 'tls', directory: home });
    await carol.start(await venue.settingsFor(carol, 'FIX.4.4', 'tls', {}, venue.strangerCaFile));
    carol.beOn();
    await until('the end of the handshake', () =>
      carol.events.some((event) => /SSL_connect failed/.test(event)),
    );
    expect(carol.events.join('\n')).to.match(/Certificate Verification: Error/);
    expect(carol.received).to.deep.equal([]);
    expect(carol.isOn).to.equal(false);
    await carol.kill();
  });
});
