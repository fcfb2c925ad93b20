/**
 * The stories of orders as members with jspurefix tell them, in every version, with the dictionaries that the venue
 * prints: an engine that reads a message field by field, and says which ones its dictionary does not have there.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DictionaryVersion, FixVersion } from '../../src/fix/version.ts';
import { onebook } from '../support/cli.ts';
import { forEachVersion } from '../support/fix-versions.ts';
import { JspurefixMember } from '../support/jspurefix-member.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { STORIES } from '../support/stories/all.ts';
import type { StoryAnswer, StoryRequest, StorySession } from '../support/stories/session.ts';
import { StoryTeller } from '../support/stories/teller.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const HEART_BT_INT_S = 30;
/** The races add no message and no field to these. */
const CHAPTERS = STORIES.filter(([chapter]) => chapter !== 'races of cancels and replaces');

class JspurefixSession implements StorySession {
  readonly member: JspurefixMember;

  constructor(member: JspurefixMember) {
    this.member = member;
  }

  get username(): string {
    return this.member.identity.username;
  }

  sendTogether(requests: readonly StoryRequest[]): void {
    for (const { msgType, fields } of requests) this.member.send(msgType, fields);
  }

  async nextMessage(): Promise<StoryAnswer> {
    const { msgType, text, allText, undefinedFields } = await this.member.next();
    expect(undefinedFields, `what the dictionary does not have in ${allText}`).to.equal(undefined);
    return { msgType, get: text, text: allText };
  }
}

describe('Stories of members with jspurefix', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let teller: StoryTeller;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    teller = new StoryTeller(venue);
  });

  after(() => removeVenue(venue.dataDir));

  forEachVersion((version) => chaptersIn(version, () => ({ venue, teller })));
});

function chaptersIn(
  version: FixVersion,
  surroundings: () => { readonly venue: VenueProcess; readonly teller: StoryTeller },
): void {
  let sessions: ReadonlyMap<string, JspurefixSession> = new Map();

  before(async () => {
    const dictionary = join(surroundings().venue.dataDir, `${version}.xml`);
    await writeFile(dictionary, await dictionaryOf(version));
    sessions = await surroundings().teller.join(version, async (identity: MemberIdentity) => {
      const options = { version, dictionary, hasComponents: false };
      const member = new JspurefixMember(identity, HEART_BT_INT_S, options);
      await member.logon(surroundings().venue.fixPort);
      return new JspurefixSession(member);
    });
  });

  after(async () => {
    for (const { member } of sessions.values()) await member.logout();
  });

  afterEach('nobody rejects anything', () => {
    for (const { member, username } of sessions.values()) {
      for (const msgType of ['3', 'j']) {
        expect(member.count('sent', msgType), `what the engine of ${username} did not like`).to.equal(0);
        expect(member.count('received', msgType), 'what the venue did not like').to.equal(0);
      }
    }
  });

  for (const [chapter, stories] of CHAPTERS) {
    describe(chapter, () => {
      for (const story of stories.filter(({ versions }) => versions.includes(version))) {
        it(story.title, () => surroundings().teller.tell(story, version, sessions));
      }
    });
  }
}

/** The venue's dictionary of a version in one piece, since the engine reads one. */
async function dictionaryOf(version: FixVersion): Promise<string> {
  const application = await printed(version);
  if (version !== 'FIX.5.0SP2') return application;
  const session = await printed('FIXT.1.1');
  const ofBoth = (section: string): string => innerOf(session, section) + innerOf(application, section);
  return [
    "<fix type='FIX' major='5' minor='0' servicepack='2'>",
    `<header>${innerOf(session, 'header')}</header>`,
    `<messages>${ofBoth('messages')}</messages>`,
    `<trailer>${innerOf(session, 'trailer')}</trailer>`,
    '<components />',
    `<fields>${onceEach(ofBoth('fields'))}</fields>`,
    '</fix>',
  ].join('\n');
}

async function printed(version: DictionaryVersion): Promise<string> {
  const { exitCode, stdout, stderr } = await onebook(['fix', 'dictionary', '--version', version]);
  expect(exitCode, stderr).to.equal(0);
  return stdout;
}

function innerOf(dictionary: string, section: string): string {
  const [, inner] = new RegExp(`<${section}>(.*)</${section}>`, 's').exec(dictionary) ?? [];
  if (inner === undefined) throw new Error(`the dictionary has no ${section}`);
  return inner;
}

/** The definitions of fields, without those that repeat one. */
function onceEach(fields: string): string {
  const byNumber = new Map<string | undefined, string>();
  for (const [field, number] of fields.matchAll(/<field number='(\d+)'[^>]*?(?:\/>|>.*?<\/field>)/gs)) {
    if (!byNumber.has(number)) byNumber.set(number, field);
  }
  return [...byNumber.values()].join('\n');
}
