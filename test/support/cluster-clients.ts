/**
 * Members of a cluster: each knows all gateways, goes to the next one when its own is gone, keeps its numbers and its
 * record over all of them, and notes how long every answer took. What they send is their caller's.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { TortureMember } from '../torture/member.ts';
import { MemberRecord } from '../torture/record.ts';
import { RandomRequests, type ScriptedRequest } from '../torture/requests.ts';
import { settle as settleMembers } from '../torture/settling.ts';
import type { FixAddress } from './cluster-process.ts';
import { type Random, randomFrom } from './random.ts';
import type { MemberIdentity } from './recording-member.ts';
import { until } from './until.ts';

/** A request with its first answer, whatever that was. Times are ms since the epoch. */
export interface Answered {
  readonly id: string;
  /** Symbol (55), where the request names one. */
  readonly symbol: string | undefined;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** MsgType (35) of the answer, with the ExecType (150) of a report: `8 0` for an order that was accepted. */
  readonly answer: string;
  /** Text (58) of the answer. */
  readonly text: string | undefined;
}

/** Text (58) of cancels that are refused without a row. */
const UNRECORDED =
  /is about to stop|requests are on their way|account can be reached|account is being loaded/;
const RECONNECT_PAUSE_MS = 20;
/** A gateway that says nothing for so long, though it owes answers, is given up. */
const SILENCE_MS = 6_000;
const POLL_MS = 5;
const SETTLE_TIMEOUT_MS = 30_000;

/** A record with the time of every first answer. */
export class TimedRecord extends MemberRecord {
  readonly answers: Answered[] = [];
  /** Sees every message as it comes in, above a gap too. */
  onMessage: (message: FixMessage) => void = () => {};
  /** When a message came in last, or the connection was made, or the first of what is unanswered was sent. */
  lastHeardAt = 0;
  readonly #sentAt = new Map<string, number>();

  override ask(request: ScriptedRequest): void {
    if (this.unanswered.size === 0) this.lastHeardAt = systemClock.now();
    super.ask(request);
    if (request.id !== undefined) this.#sentAt.set(request.id, systemClock.now());
  }

  override note(message: FixMessage): void {
    super.note(message);
    this.lastHeardAt = systemClock.now();
    this.onMessage(message);
  }

  override take(message: FixMessage): void {
    if (hasNoRow(message)) this.#takeTurnedAway(message);
    else super.take(message);
    const id = message.get(TAG.ClOrdID) ?? message.get(TAG.BusinessRejectRefID) ?? '';
    const sentAt = this.#sentAt.get(id);
    if (sentAt === undefined || this.unanswered.has(id)) return;
    this.#sentAt.delete(id);
    const execType = message.get(TAG.ExecType);
    this.answers.push({
      id,
      symbol: this.asked.get(id)?.fields[TAG.Symbol],
      sentAt,
      answeredAt: systemClock.now(),
      answer: execType === undefined ? message.msgType : `${message.msgType} ${execType}`,
      text: message.get(TAG.Text),
    });
  }

  #takeTurnedAway(message: FixMessage): void {
    const id = message.get(TAG.ClOrdID) ?? '';
    if (this.unanswered.has(id)) this.refuse(id);
  }
}

/**
 * Whether it is a session's own refusal, of which nothing is recorded: the venue has no room, or closes. Its ExecID (17)
 * is made of the session's id, which has a slash; a 9, which has none, is known by its text.
 */
function hasNoRow(message: FixMessage): boolean {
  switch (message.msgType) {
    case MSG_TYPE.ExecutionReport:
      return message.get(TAG.ExecID)?.includes('/') === true;
    case MSG_TYPE.OrderMassCancelReport:
      return message.get(TAG.OrderID)?.includes('/') === true;
    case MSG_TYPE.OrderCancelReject:
      return UNRECORDED.test(message.get(TAG.Text) ?? '');
    default:
      return false;
  }
}

/** A member that is on wherever a gateway lets it in. */
export class ClusterMember extends TortureMember {
  override readonly record: TimedRecord;
  readonly #addresses: () => readonly FixAddress[];
  /** Where it is, or was last: a place in the list. */
  #at: number;
  #stopped: Promise<void> | undefined;
  #isStaying = false;
  #lastNo = 0;

  /** `firstAt`: the place in the list of the gateway that it tries first. */
  constructor(
    identity: MemberIdentity,
    version: FixVersion,
    addresses: () => readonly FixAddress[],
    firstAt = 0,
  ) {
    super(identity, version, () => systemClock.now());
    this.record = new TimedRecord(version);
    this.#addresses = addresses;
    this.#at = firstAt;
  }

  /** The gateway where it is, or was last. */
  get address(): FixAddress {
    const addresses = this.#addresses();
    const address = addresses[this.#at % addresses.length];
    if (address === undefined) throw new Error('there is no gateway');
    return address;
  }

  /**
   * Connects at once and again whenever it is not on, each time to the next gateway of its list. A connection on which
   * nothing comes for long although it waits for answers is given up.
   */
  async stayOn(): Promise<void> {
    this.#isStaying = true;
    this.#stopped = this.#stay();
    await until(`${this.identity.username} to be on`, () => this.isOn, SETTLE_TIMEOUT_MS);
  }

  /** It does not come back by itself any more; a connection that it has stays. */
  async stopStaying(): Promise<void> {
    this.#isStaying = false;
    await this.#stopped;
  }

  async #stay(): Promise<void> {
    while (this.#isStaying) {
      if (this.isOn) {
        if (this.#isForsaken()) this.cut();
        await delay(systemClock, POLL_MS);
      } else {
        const { host, port } = this.address;
        const isIn = await this.connect(port, host).then(
          () => true,
          () => false,
        );
        this.record.lastHeardAt = systemClock.now();
        if (isIn) continue;
        this.#at += 1;
        await delay(systemClock, RECONNECT_PAUSE_MS);
      }
    }
  }

  #isForsaken(): boolean {
    const { unanswered, lastHeardAt } = this.record;
    return unanswered.size > 0 && systemClock.now() - lastHeardAt > SILENCE_MS;
  }

  /** A ClOrdID (11) that it has not used. */
  newId(kind: string): string {
    this.#lastNo += 1;
    return `${this.identity.username}-${kind}-${this.#lastNo}`;
  }
}

/** Answers to what was sent from `since` on, of all members; about `symbols` only, where they are given. */
export function answersSince(
  members: readonly ClusterMember[],
  since: number,
  symbols?: readonly string[],
): Answered[] {
  return members.flatMap(({ record }) =>
    record.answers.filter(
      ({ sentAt, symbol }) =>
        sentAt >= since && (symbols === undefined || (symbol !== undefined && symbols.includes(symbol))),
    ),
  );
}

/** The longest time between a request and its answer, ms. */
export function longestWait(answers: readonly Answered[]): number {
  return answers.reduce((longest, { sentAt, answeredAt }) => Math.max(longest, answeredAt - sentAt), 0);
}

/** The answer to an order that was accepted. */
export const ACCEPTED = '8 0';

/** An order (D) at a limit, good till cancel unless said otherwise. */
export function limitOrder(
  id: string,
  terms: {
    readonly symbol: string;
    readonly side: '1' | '2';
    readonly orderQty: string;
    readonly price: string;
    readonly timeInForce?: string;
  },
): ScriptedRequest {
  return {
    msgType: MSG_TYPE.NewOrderSingle,
    id,
    fields: {
      [TAG.ClOrdID]: id,
      [TAG.HandlInst]: '1',
      [TAG.Symbol]: terms.symbol,
      [TAG.Side]: terms.side,
      [TAG.OrderQty]: terms.orderQty,
      [TAG.OrdType]: '2',
      [TAG.Price]: terms.price,
      [TAG.TimeInForce]: terms.timeInForce ?? '1',
    },
  };
}

/** Requests that go out until they are stopped. */
export interface Sending {
  /** How many were sent so far. */
  readonly sentCount: number;
  stop(): void;
}

const TICK_MS = 10;
/** Requests that a member has unanswered at most. */
const WINDOW = 200;

/** Random requests of all kinds, `ratePerSecond` of all members together; who is not on sends nothing. */
export function startLoad(
  members: readonly ClusterMember[],
  terms: { readonly symbols: readonly string[]; readonly ratePerSecond: number; readonly seed: number },
): Sending {
  const random = randomFrom(terms.seed);
  const makers = members.map(
    ({ identity, version }) =>
      new RandomRequests(`${identity.username}-${terms.seed}`, version, terms.symbols),
  );
  return sendSteadily(terms.ratePerSecond, () => sendOne(members, makers, random));
}

function sendOne(
  members: readonly ClusterMember[],
  makers: readonly RandomRequests[],
  random: Random,
): boolean {
  const no = random.integer(0, members.length - 1);
  const member = members[no];
  const maker = makers[no];
  if (member === undefined || maker === undefined || !canSend(member)) return false;
  member.send([maker.next(random)]);
  return true;
}

/**
 * Orders that are accepted and end at once, of each of the members and on each of the symbols in turn: what shows when
 * a symbol takes orders, and for how long it did not.
 */
export function startProbing(
  members: readonly ClusterMember[],
  terms: { readonly symbols: readonly string[]; readonly ratePerSecond: number },
): Sending {
  const { symbols } = terms;
  let turn = 0;
  return sendSteadily(terms.ratePerSecond, () => {
    turn += 1;
    // In each round of the symbols the members are moved on by one.
    const member = members[(turn + Math.floor(turn / symbols.length)) % members.length];
    if (member === undefined || !canSend(member)) return false;
    const symbol = symbols[turn % symbols.length] ?? '';
    const order = { symbol, side: '1', orderQty: '0.001', price: '10.00', timeInForce: '3' } as const;
    member.send([limitOrder(member.newId('probe'), order)]);
    return true;
  });
}

function canSend(member: ClusterMember): boolean {
  return member.isOn && member.record.unanswered.size < WINDOW;
}

/** What the machine was too busy for is sent later, a second's worth at most. */
function sendSteadily(ratePerSecond: number, send: () => boolean): Sending {
  let owed = 0;
  let sentCount = 0;
  let last = systemClock.now();
  const stop = systemClock.every(TICK_MS, () => {
    const now = systemClock.now();
    owed = Math.min(owed + ((now - last) * ratePerSecond) / 1_000, ratePerSecond);
    last = now;
    for (; owed >= 1; owed -= 1) if (send()) sentCount += 1;
  });
  return {
    get sentCount() {
      return sentCount;
    },
    stop,
  };
}

/**
 * Rests `count` orders spread over `symbols` and the members, at prices that nobody meets; resolves when all are
 * accepted.
 */
export async function restOrders(
  members: readonly ClusterMember[],
  symbols: readonly string[],
  count: number,
): Promise<void> {
  const lot = 50;
  const shares = members.map((_, no) => Math.floor((count + no) / members.length));
  await Promise.all(
    members.map(async (member, no) => {
      const before = member.record.counts.accepted;
      for (let sent = 0; sent < (shares[no] ?? 0); sent += lot) {
        const size = Math.min(lot, (shares[no] ?? 0) - sent);
        await until('room for more orders', () => canSend(member), SETTLE_TIMEOUT_MS);
        member.send(
          Array.from({ length: size }, (_, index) => {
            const symbol = symbols[(sent + index + no) % symbols.length] ?? '';
            const price = `${20 + ((sent + index) % 20)}.${10 + (index % 80)}`;
            return limitOrder(member.newId('rest'), { symbol, side: '1', orderQty: '0.010', price });
          }),
        );
      }
      await until(
        `the orders of ${member.identity.username} to rest`,
        () => member.record.counts.accepted - before >= (shares[no] ?? 0),
        SETTLE_TIMEOUT_MS,
      ).catch((error: unknown) => {
        const refused = member.record.answers.filter(({ answer }) => answer !== '8 0').at(-1);
        throw new Error(`not all orders rest; last refused: ${JSON.stringify(refused)}`, { cause: error });
      });
    }),
  );
}

/** Until every member is on, has no gap and an answer to everything that it ever asked. */
export function settle(members: readonly ClusterMember[], symbol: string): Promise<void> {
  const idOf = (member: ClusterMember, kind: string): string => member.newId(kind);
  return settleMembers(members, { symbol, idOf, timeoutMs: SETTLE_TIMEOUT_MS });
}
