/**
 * Every story of orders, told by members with QuickFIX: each message of the venue is judged by the engine with the
 * venue's dictionary, and what the engine has read of it is compared with what was sent.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { SECURITY_LIST, SECURITY_LIST_REQUEST } from '../../../src/fix/messages/reference-data.ts';
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import { typedTags } from '../../../src/fix/typed-messages.ts';
import type { FixVersion } from '../../../src/fix/version.ts';
import type { MemberIdentity } from '../../support/recording-member.ts';
import { STORIES } from '../../support/stories/all.ts';
import type { StoryAnswer, StoryRequest, StorySession } from '../../support/stories/session.ts';
import type { StoryTeller } from '../../support/stories/teller.ts';
import { until } from '../../support/until.ts';
import type { Surroundings } from './conversation.ts';
import { contentOf, type Message, QuickFixMember, textOf } from './quickfix-member.ts';
import type { Transport } from './transports.ts';

/** Messages of the session, which the engine does not hand on. */
const SESSION_MESSAGES: ReadonlySet<string | undefined> = new Set(['0', '1', '2', '3', '4', '5', 'A']);

const REQUEST = typedTags(SECURITY_LIST_REQUEST);
const LIST = typedTags(SECURITY_LIST);
const WORDS: ReadonlySet<number> = new Set([LIST.Symbol, LIST.SecurityDesc, LIST.Currency]);
const DECIMALS: ReadonlySet<number> = new Set([
  LIST.MinPriceIncrement,
  LIST.RoundLot,
  LIST.MinTradeVol,
  LIST.MaxTradeVol,
]);
const MAX_SECURITIES_PER_MESSAGE = 100;

/** What is said over TLS is what is said over TCP: a few chapters show that it arrives. */
const CHAPTERS_OVER_TLS: ReadonlySet<string> = new Set(['types of orders', 'instruments and their status']);

/** An instrument as the admin API shows it. */
interface ListedInstrument {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly minQty: string;
  readonly maxQty: string;
}

class QuickFixSession implements StorySession {
  readonly member: QuickFixMember;

  constructor(member: QuickFixMember) {
    this.member = member;
  }

  get username(): string {
    return this.member.identity.username;
  }

  sendTogether(requests: readonly StoryRequest[]): void {
    for (const { msgType, fields } of requests) this.member.sendFields(msgType, fields);
  }

  async nextMessage(): Promise<StoryAnswer> {
    const message = await this.member.next();
    const msgType = message.get(TAG.MsgType) ?? '';
    return { msgType, get: (tag) => message.get(tag), text: textOf(message) };
  }
}

/** What the stories of all conversations share; there when the first test begins. */
export interface StorySurroundings extends Surroundings {
  readonly teller: StoryTeller;
}

/** Defines the tests of one version over one transport. */
export function describeStories(
  version: FixVersion,
  transport: Transport,
  surroundings: () => StorySurroundings,
): void {
  let sessions: ReadonlyMap<string, QuickFixSession> = new Map();

  const logon = async (identity: MemberIdentity): Promise<QuickFixSession> => {
    const { directory, program, venue } = surroundings();
    const home = join(directory, identity.username);
    const member = new QuickFixMember({ identity, program, transport, directory: home });
    await member.start(await venue.settingsFor(member, version, transport));
    await member.logon();
    return new QuickFixSession(member);
  };

  const memberOf = (name: string): QuickFixMember => {
    const member = sessions.get(name)?.member;
    if (member === undefined) throw new Error(`nobody is called ${name}`);
    return member;
  };

  before(async () => {
    sessions = await surroundings().teller.join(`${version}-${transport}`, logon);
  });

  after(async () => {
    await Promise.all([...sessions.values()].map(({ member }) => member.stop()));
  });

  const checkedCounts = new Map<QuickFixMember, number>();
  afterEach('the engines have read all of it, and nobody rejects anything', () => {
    for (const { member, username } of sessions.values()) {
      expect(member.complaints, `what the engine of ${username} did not like`).to.deep.equal([]);
      expect(member.rejects.map(textOf), 'what the venue did not like').to.deep.equal([]);
      const checkedCount = checkedCounts.get(member) ?? 0;
      const told = member.received.filter((message) => !SESSION_MESSAGES.has(message.get(TAG.MsgType)));
      const [wire, read] = [told, member.heard].map((all) => all.slice(checkedCount).map(sorted));
      expect(read, `what the engine of ${username} has read`).to.deep.equal(wire);
      checkedCounts.set(member, told.length);
    }
  });

  for (const [chapter, stories] of STORIES) {
    if (transport === 'tls' && !CHAPTERS_OVER_TLS.has(chapter)) continue;
    describe(chapter, () => {
      for (const story of stories.filter(({ versions }) => versions.includes(version))) {
        it(story.title, () => surroundings().teller.tell(story, version, sessions));
      }
    });
  }

  // Mocha runs a suite's own tests before the suites within it.
  describe('what is long', () => longTests(version, surroundings, memberOf));
}

function longTests(
  version: FixVersion,
  surroundings: () => StorySurroundings,
  memberOf: (name: string) => QuickFixMember,
): void {
  it('are sent again all that they were told, when their engine asks for it', async () => {
    const member = memberOf('alice');
    const told = member.heard.map(contentOf);
    await member.logout();
    member.forgetFrom(2);
    await member.logon();
    const again = await until('all of it again', () => {
      return member.heard.length >= 2 * told.length && member.heard.slice(told.length);
    });
    for (const message of again) expect(await member.next()).to.equal(message);
    expect(again.map(contentOf)).to.deep.equal(told);
    expect(new Set(again.map((message) => message.get(TAG.PossDupFlag)))).to.deep.equal(new Set(['Y']));
  });

  if (version === 'FIX.4.2') return;

  it('list all instruments, each with its tick, its lot and its bounds, a hundred a message', async () => {
    const { instruments } = (await surroundings().venue.done('GET', '/v1/instruments')) as {
      readonly instruments: readonly ListedInstrument[];
    };
    const member = memberOf('alice');
    member.send(MSG_TYPE.SecurityListRequest, {
      [REQUEST.SecurityReqID]: 'all',
      [REQUEST.SecurityListRequestType]: '4',
    });
    const securities: Record<number, string>[] = [];
    for (let isLast = false; !isLast; ) {
      const list = await member.next();
      expect(list.get(LIST.SecurityReqID)).to.equal('all');
      expect(list.get(LIST.TotNoRelatedSym)).to.equal(String(instruments.length));
      const inMessage = securitiesIn(list);
      expect(list.get(LIST.NoRelatedSym)).to.equal(String(inMessage.length));
      expect(inMessage.length).to.be.at.most(MAX_SECURITIES_PER_MESSAGE);
      securities.push(...inMessage);
      isLast = list.get(LIST.LastFragment) === 'Y';
    }
    expect(securities).to.have.deep.members(instruments.map(asListed));
  });
}

/** The instances of the group, each of which begins with Symbol (55). The engine writes by tag what is no member. */
function securitiesIn(list: Message): Record<number, string>[] {
  const securities: Record<number, string>[] = [];
  for (const [tag, value] of list.fields) {
    if (tag === LIST.Symbol) securities.push({});
    const security = securities.at(-1);
    if (DECIMALS.has(tag) && security !== undefined) security[tag] = plain(value);
    else if (WORDS.has(tag) && security !== undefined) security[tag] = value;
  }
  return securities;
}

function asListed({ symbol, base, quote, tick, lot, minQty, maxQty }: ListedInstrument) {
  return {
    [LIST.Symbol]: symbol,
    [LIST.SecurityDesc]: `${base} against ${quote}`,
    [LIST.Currency]: quote,
    [LIST.MinPriceIncrement]: plain(tick),
    [LIST.RoundLot]: plain(lot),
    [LIST.MinTradeVol]: plain(minQty),
    [LIST.MaxTradeVol]: plain(maxQty),
  };
}

/** A decimal without the zeros at its end, of which the admin API and FIX have different numbers. */
function plain(decimal: string): string {
  return decimal.replace(/\.0*$|(\.[0-9]*[1-9])0+$/, '$1');
}

/** The fields of a message whatever their order, which is the engine's own. */
function sorted(message: Message): readonly string[] {
  return message.fields.map(([tag, value]) => `${tag}=${value}`).sort();
}
