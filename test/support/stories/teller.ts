/**
 * Tells stories over FIX sessions, whosever engines they are, to the venue as operators run it. After each one everybody asks about an order that
 * is not there: what is told before that answer is all that was told.
 */
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import type { FixVersion } from '../../../src/fix/version.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { FixClient, textOf } from '../fix-client.ts';
import type { MemberIdentity } from '../recording-member.ts';
import type { VenueProcess } from '../venue-process.ts';
import { Reading } from './reading.ts';
import type { StoryAnswer, StoryRequest, StorySession } from './session.ts';
import { expectedIn, type Story, type StoryMessage } from './story.ts';

const MEMBERS = ['alice', 'bob', 'carol'] as const;
const ASSETS: readonly (readonly [string, string])[] = [
  ['USD', '1000000'],
  ['COIN', '1000000'],
];
/** A story that waits for the clock waits for seconds. */
const TIMEOUT_MS = 15_000;

type Sessions = ReadonlyMap<string, StorySession>;
/** The venue as its operator reaches it. */
export type StoryVenue = Pick<VenueProcess, 'done'>;

/** A member with the tests' own client. */
export class ClientSession implements StorySession {
  readonly username: string;
  readonly #client: FixClient;

  constructor(username: string, client: FixClient) {
    this.username = username;
    this.#client = client;
  }

  sendTogether(requests: readonly StoryRequest[]): void {
    const frames = requests.map(({ msgType, fields }) => this.#client.encode(msgType, fields));
    this.#client.sendRaw(Buffer.concat(frames));
  }

  async nextMessage(): Promise<StoryAnswer> {
    const message = await this.#client.nextMessage();
    return { msgType: message.msgType, get: (tag) => message.get(tag), text: textOf(message) };
  }

  async logout(): Promise<void> {
    await this.#client.logout();
  }
}

/** Connects to a port and logs on. */
export async function clientSession(
  identity: MemberIdentity,
  { port, version }: { readonly port: number; readonly version: FixVersion },
): Promise<ClientSession> {
  const client = await FixClient.logon({ port, ...identity, version, timeoutMs: TIMEOUT_MS });
  return new ClientSession(identity.username, client);
}

export class StoryTeller {
  readonly #venue: StoryVenue;
  #lastCompId = 5_000;
  #lastStoryNo = 0;
  #lastAskNo = 0;

  /** The venue must trade nothing that is called S1-USD, S2-USD and so on. */
  constructor(venue: StoryVenue) {
    this.#venue = venue;
  }

  /** Lets members in, with money and coins; `logon` makes the session of one. */
  async join<Session extends StorySession>(
    suffix: string,
    logon: (identity: MemberIdentity) => Promise<Session>,
  ): Promise<ReadonlyMap<string, Session>> {
    const sessions = new Map<string, Session>();
    for (const name of MEMBERS) sessions.set(name, await logon(await this.#admit(`${name}-${suffix}`)));
    return sessions;
  }

  async #admit(username: string): Promise<MemberIdentity> {
    this.#lastCompId += 1;
    const identity = { username, password: `${username}-password`, senderCompId: this.#lastCompId };
    const { password, senderCompId: compId } = identity;
    await this.#venue.done('POST', '/v1/users', { username, password, compId });
    for (const [asset, amount] of ASSETS) {
      const deposit = {
        type: 'deposit',
        username,
        asset,
        amount,
        id: `${username}-${asset}`,
        newAsset: true,
      };
      await this.#venue.done('POST', '/v1/transfers', deposit);
    }
    return identity;
  }

  /** Tells a story on a book of its own. Throws with what is not as it should be. */
  async tell(story: Story, version: FixVersion, sessions: Sessions): Promise<void> {
    this.#lastStoryNo += 1;
    const symbol = `S${this.#lastStoryNo}-USD`;
    await this.#list(symbol, story);
    const reading = new Reading(symbol, version);
    try {
      for (const { action, told } of story.steps) {
        if ('deed' in action) await this.#act(action.deed, symbol, sessions);
        else this.#send(action, reading, sessions);
        for (const expected of told) await this.#hear(expectedIn(version, expected), reading, sessions);
      }
      await this.#expectSilence(symbol, sessions);
    } finally {
      await this.#venue.done('POST', '/v1/orders/cancel', { symbol });
      await this.#clear(symbol, sessions);
    }
  }

  async #list(symbol: string, { instrument }: Story): Promise<void> {
    const { postOnlySlides, maxNotional, maxOpenOrders } = instrument;
    await this.#venue.done('POST', '/v1/instruments', {
      symbol,
      base: 'COIN',
      quote: 'USD',
      tick: '1',
      lot: '1',
      marketProtectionPct: '5',
      ...(postOnlySlides === true ? { postOnly: 'slide' } : {}),
      ...(maxNotional === undefined ? {} : { maxNotional }),
      ...(maxOpenOrders === undefined ? {} : { maxOpenOrders }),
    });
  }

  #send(messages: readonly StoryMessage[], reading: Reading, sessions: Sessions): void {
    const session = sessionOf(messages[0]?.who, sessions);
    const now = systemClock.now();
    session.sendTogether(
      messages.map((message) => ({
        msgType: message.msgType,
        fields: reading.fieldsToSend(message, now),
      })),
    );
  }

  async #hear(expected: StoryMessage, reading: Reading, sessions: Sessions) {
    const message = await sessionOf(expected.who, sessions).nextMessage();
    const difference = reading.difference(expected, message);
    if (difference !== undefined)
      throw new Error(`${expected.who}: expected ${difference} in ${message.text}`);
  }

  /** A question takes the road of all reports, so that its answer comes behind them. */
  async #expectSilence(symbol: string, sessions: Sessions): Promise<void> {
    for (const session of sessions.values()) {
      const ask = this.#askAbout(session, symbol);
      const next = await session.nextMessage();
      if (next.get(TAG.ClOrdID) !== ask) throw new Error(`told besides: ${next.text}`);
    }
  }

  /** Takes what the operator's cancel at the end has told. */
  async #clear(symbol: string, sessions: Sessions): Promise<void> {
    for (const session of sessions.values()) {
      const ask = this.#askAbout(session, symbol);
      while ((await session.nextMessage()).get(TAG.ClOrdID) !== ask);
    }
  }

  #askAbout(session: StorySession, symbol: string): string {
    this.#lastAskNo += 1;
    const clOrdId = `nothing-${this.#lastAskNo}`;
    session.sendTogether([
      {
        msgType: MSG_TYPE.OrderStatusRequest,
        fields: [
          [TAG.ClOrdID, clOrdId],
          [TAG.Symbol, symbol],
          [TAG.Side, '1'],
        ],
      },
    ]);
    return clOrdId;
  }

  async #act(deed: string, symbol: string, sessions: Sessions): Promise<void> {
    const [what, ...terms] = deed.split(' ');
    const reason = 'a story';
    switch (what) {
      case 'cancel': {
        const [who] = terms;
        const which = who === undefined ? { symbol } : { username: sessionOf(who, sessions).username };
        await this.#venue.done('POST', '/v1/orders/cancel', which);
        return;
      }
      case 'limit': {
        const [who, limit = ''] = terms;
        const [name = '', value = ''] = limit.split('=');
        const path = `/v1/users/${sessionOf(who, sessions).username}/terms`;
        await this.#venue.done('POST', path, { [name]: value === 'none' ? null : value });
        return;
      }
      case 'halt':
      case 'cancel-only':
        await this.#venue.done('POST', `/v1/instruments/${symbol}/${what}`, { reason });
        return;
      case 'resume':
        await this.#venue.done('POST', `/v1/instruments/${symbol}/resume`, {});
        return;
      case 'bust':
        await this.#venue.done('POST', `/v1/trades/${await this.#lastTradeId(symbol)}/bust`, { reason });
        return;
      case 'correct': {
        const [quantity, price] = terms;
        const body = { reason, quantity, price };
        await this.#venue.done('POST', `/v1/trades/${await this.#lastTradeId(symbol)}/correct`, body);
        return;
      }
      default:
        throw new Error(`no operator can ${deed}`);
    }
  }

  async #lastTradeId(symbol: string): Promise<number> {
    const { trades } = (await this.#venue.done('GET', `/v1/trades?symbol=${symbol}&limit=1`)) as {
      trades?: readonly { readonly tradeId: number }[];
    };
    const [trade] = trades ?? [];
    if (trade === undefined) throw new Error(`${symbol} has not traded`);
    return trade.tradeId;
  }
}

function sessionOf(who: string | undefined, sessions: Sessions): StorySession {
  const session = sessions.get(who ?? '');
  if (session === undefined) throw new Error(`nobody is called ${who}`);
  return session;
}
