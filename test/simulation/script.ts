/**
 * What happens in one history, as data from its seed: what members and operators ask for, what breaks, and how much of
 * what is under way goes on in between. Steps name nothing that an earlier step must have made, so that any of them can
 * be left out: a failing history is made short by that.
 */
import { type Random, randomFrom } from '../support/random.ts';
import type { DeliveryOrder } from './simulated-actors.ts';

/** The first is asked for more often. */
export const SYMBOLS = ['BTC-USD', 'BTC-USD', 'ETH-USD'] as const;
/** The last of them keeps nothing of what it has sent. */
export const MEMBERS = [1, 2, 3] as const;

/** The trouble that one request makes when it arrives. */
export type Trouble =
  | { readonly type: 'BreaksBook'; readonly when: 'before' | 'after'; readonly times: number }
  | {
      readonly type: 'BreaksAccount';
      readonly where: 'judge' | 'settle' | 'refuse' | 'massCanceled';
      readonly times: number;
    }
  /** No commit with it in it can be written. */
  | { readonly type: 'Poison' };

const ORDER_KINDS = [
  'limit',
  'limit',
  'limit',
  'limit',
  'market',
  'ioc',
  'fok',
  'stop',
  'stop limit',
  'post-only',
  'iceberg',
  'good till date',
  'min qty',
  'all or none',
] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

const REQUEST_KINDS = [
  'new',
  'new',
  'new',
  'new',
  'new',
  'cancel',
  'cancel',
  'replace',
  'replace',
  'replace',
  'status',
  'mass status',
  'mass cancel',
  'duplicate',
  'unsupported',
] as const;

/** One request of a member. `which` and the like are picked from what there is when it is sent. */
export interface Wish {
  readonly id: string;
  readonly kind: (typeof REQUEST_KINDS)[number];
  readonly orderKind: OrderKind;
  /** From 0 to 1: an earlier order of the member. */
  readonly which: number;
  readonly symbol: string;
  readonly isBuy: boolean;
  /** Around 100. */
  readonly price: number;
  readonly stopPx: number;
  readonly quantity: number;
  readonly selfTrade: 'None' | 'CancelNewest' | 'CancelOldest' | 'CancelBoth' | 'Decrement' | undefined;
  readonly trouble: Trouble | undefined;
}

export type StepAction =
  | { readonly type: 'Send'; readonly member: number; readonly wishes: readonly Wish[] }
  /** An earlier request, answered or not, again with 97=Y. */
  | { readonly type: 'Repeat'; readonly member: number; readonly which: number }
  | { readonly type: 'Connect'; readonly member: number }
  /** `heard`: how many messages on the way still arrive. */
  | {
      readonly type: 'Disconnect';
      readonly member: number;
      readonly inOrder: boolean;
      readonly heard: number;
    }
  /** In whole units, negative for a withdrawal; 0 withdraws all that is free by then. */
  | {
      readonly type: 'Transfer';
      readonly member: number;
      readonly asset: string;
      readonly amount: number;
      readonly key: string;
    }
  | { readonly type: 'CancelSymbol'; readonly symbol: string }
  | { readonly type: 'CancelMember'; readonly member: number }
  | { readonly type: 'SetStatus'; readonly symbol: string; readonly status: 'Open' | 'CancelOnly' | 'Halted' }
  | {
      readonly type: 'Amend';
      readonly which: number;
      readonly isBust: boolean;
      readonly price: number;
      readonly chargesVenue: boolean;
    }
  | { readonly type: 'ChangeTerms'; readonly symbol: string }
  | { readonly type: 'Advance'; readonly byMs: number }
  | { readonly type: 'NextDay' }
  /** The wall clock is set, backwards if negative. */
  | { readonly type: 'JumpClock'; readonly byMs: number }
  | { readonly type: 'StoreAway'; readonly isAway: boolean }
  /** The connection to the database breaks in the next such call, before or after it is carried out. */
  | { readonly type: 'LoseCall'; readonly of: 'commit' | 'load'; readonly isDone: boolean }
  /** The actor throws when it has handled its next message; a session also before that. */
  | { readonly type: 'BreakActor'; readonly actor: 'exchange' | 'persistence' }
  | { readonly type: 'BreakSession'; readonly member: number }
  /** `commitArrives`: what was on its way to the database is written. */
  | { readonly type: 'Crash'; readonly commitArrives: boolean; readonly heard: number }
  /** Another node takes the book and cancels its orders. */
  | { readonly type: 'TakeOver'; readonly symbol: string };

export interface Step {
  readonly action: StepAction;
  /** How many moments pass after it. */
  readonly then: number;
}

export interface Script {
  readonly seed: number;
  readonly members: readonly number[];
  readonly order: DeliveryOrder;
  /** Share of moments in which a slow database or network is passed over. */
  readonly storeDelay: number;
  readonly networkDelay: number;
  readonly maxEventsPerCommit: number;
  readonly incidentsToHalt: number;
  readonly maxCommandsInFlight: number;
  readonly steps: readonly Step[];
}

/** One history in so many is long: 10 to 35 steps of three members, among them all kinds of trouble. */
const LONG_EVERY = 20;

/**
 * The same seed gives the same script for ever. Most scripts are short: 3 to 6 steps with some ten requests of two
 * members, and one or two faults in between, so that many orders of few things are seen. A long one has what comes of
 * many things: cascades of faults, full bounds, days that follow days.
 */
export function scriptOf(seed: number): Script {
  const random = randomFrom(seed);
  const isLong = random.integer(1, LONG_EVERY) === 1;
  // Most histories have little trouble: what breaks by itself must be seen by itself, too.
  const troubleRate = random.pick([0, 0, 0.05, 0.2]);
  const members = isLong ? MEMBERS : random.pick([[1, 2] as const, [1, 3] as const]);
  return {
    seed,
    members,
    order: random.pick(['mailbox', 'mailbox', 'causal'] as const),
    storeDelay: random.pick([0, 0.5, 0.9]),
    networkDelay: random.pick([0, 0.5, 0.9]),
    maxEventsPerCommit: random.pick([2, 10, 1_000]),
    incidentsToHalt: random.pick([1_000, 1_000, 2]),
    maxCommandsInFlight: random.pick([1_000, 1_000, 12]),
    steps: isLong ? longSteps(random, troubleRate) : shortSteps(random, members, troubleRate),
  };
}

function longSteps(random: Random, troubleRate: number): Step[] {
  return Array.from({ length: random.integer(10, 35) }, (_, index): Step => {
    const then = random.pick([0, 0, 1, 2, 4, 8, 15, 30, 60]);
    const member = random.pick(MEMBERS);
    const draw = random.integer(0, 99);
    const action =
      draw < 50 ? nextSend(random, member, index, troubleRate) : nextOther(random, member, index);
    return { action: draw < 80 ? action : nextFault(random, member), then };
  });
}

function shortSteps(random: Random, members: readonly number[], troubleRate: number): Step[] {
  const actions = Array.from({ length: random.integer(3, 6) }, (_, index): StepAction => {
    const member = random.pick(members);
    return random.chance(0.8)
      ? nextSend(random, member, index, troubleRate)
      : nextOther(random, member, index);
  });
  for (let left = random.integer(1, 2); left > 0; left -= 1) {
    // Behind the first step: before it there is nothing to lose.
    actions.splice(random.integer(1, actions.length), 0, nextFault(random, random.pick(members)));
  }
  return actions.map((action): Step => {
    const then = random.pick([0, 1, 3, 6, 12, 25]);
    return { action, then };
  });
}

function nextSend(random: Random, member: number, index: number, troubleRate: number): StepAction {
  const count = random.pick([1, 1, 2, 3, 5]);
  const wishes = Array.from({ length: count }, (_, no) => nextWish(random, `${index}.${no}`, troubleRate));
  return { type: 'Send', member, wishes };
}

/** What members and operators do besides, and time. */
function nextOther(random: Random, member: number, index: number): StepAction {
  const symbol = random.pick(SYMBOLS);
  const draw = random.integer(0, 99);
  if (draw < 16) return { type: 'Repeat', member, which: random.next() };
  if (draw < 28) return { type: 'Connect', member };
  if (draw < 40) {
    const asset = random.pick(['USD', 'USD', 'BTC', 'BTC', 'ETH']);
    const amount = random.pick([-1, 0, 1]) * random.integer(1, asset === 'USD' ? 900 : 9);
    return { type: 'Transfer', member, asset, amount, key: `t${index}` };
  }
  if (draw < 46) return { type: 'CancelSymbol', symbol };
  if (draw < 50) return { type: 'CancelMember', member };
  if (draw < 58) {
    const status = random.pick(['Open', 'Open', 'CancelOnly', 'Halted'] as const);
    return { type: 'SetStatus', symbol, status };
  }
  if (draw < 77) {
    const [which, price] = [random.next(), random.integer(95, 105)];
    return { type: 'Amend', which, isBust: random.chance(0.5), price, chargesVenue: random.chance(0.5) };
  }
  if (draw < 81) return { type: 'ChangeTerms', symbol };
  if (draw < 89) return { type: 'Advance', byMs: random.pick([5, 100, 1_000, 2_500]) };
  return { type: 'NextDay' };
}

function nextFault(random: Random, member: number): StepAction {
  const draw = random.integer(0, 99);
  if (draw < 30) return { type: 'Crash', commitArrives: random.chance(0.5), heard: random.integer(0, 4) };
  if (draw < 48) {
    return { type: 'Disconnect', member, inOrder: random.chance(0.4), heard: random.integer(0, 4) };
  }
  if (draw < 60) return { type: 'StoreAway', isAway: random.chance(0.7) };
  if (draw < 76) {
    return { type: 'LoseCall', of: random.pick(['commit', 'commit', 'load']), isDone: random.chance(0.5) };
  }
  if (draw < 82) return { type: 'BreakActor', actor: random.pick(['exchange', 'persistence'] as const) };
  if (draw < 88) return { type: 'BreakSession', member };
  if (draw < 93) return { type: 'JumpClock', byMs: random.pick([-3_600_000, -1_500, 1_500, 3_600_000]) };
  return { type: 'TakeOver', symbol: random.pick(SYMBOLS) };
}

function nextWish(random: Random, id: string, troubleRate: number): Wish {
  return {
    id,
    kind: random.pick(REQUEST_KINDS),
    orderKind: random.pick(ORDER_KINDS),
    which: random.next(),
    symbol: random.pick(SYMBOLS),
    isBuy: random.chance(0.5),
    price: random.pick([98, 99, 99, 100, 100, 100, 101, 101, 102]),
    stopPx: random.integer(97, 103),
    quantity: random.integer(1, 6),
    selfTrade: random.pick([
      undefined,
      undefined,
      'None',
      'CancelNewest',
      'CancelOldest',
      'CancelBoth',
      'Decrement',
    ] as const),
    trouble: random.chance(troubleRate) ? nextTrouble(random) : undefined,
  };
}

function nextTrouble(random: Random): Trouble {
  const times = random.pick([1, 1, Number.POSITIVE_INFINITY]);
  switch (random.integer(0, 2)) {
    case 0:
      return { type: 'BreaksBook', when: random.pick(['before', 'after'] as const), times };
    case 1: {
      const where = random.pick(['judge', 'settle', 'refuse', 'massCanceled'] as const);
      return { type: 'BreaksAccount', where, times: where === 'settle' || where === 'refuse' ? 1 : times };
    }
    default:
      return { type: 'Poison' };
  }
}
