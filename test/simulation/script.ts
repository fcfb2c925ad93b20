/**
 * What happens in one history, as data from its seed: what members and operators ask for, what breaks, and how much of
 * what is under way goes on in between. Steps name nothing that an earlier step must have made, so that any of them can
 * be left out: a failing history is made short by that.
 */
import { type Random, randomFrom } from '../support/random.ts';
import type { DeliveryOrder } from './simulated-actors.ts';

/** The first is asked for more often. */
export const SYMBOLS = ['BTC-USD', 'BTC-USD', 'ETH-USD'] as const;
export const MEMBER_COUNT = 3;

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
  | { readonly type: 'StoreAway'; readonly isAway: boolean }
  | { readonly type: 'LoseAnswer' }
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
  readonly order: DeliveryOrder;
  /** Share of moments in which a slow database or network is passed over. */
  readonly storeDelay: number;
  readonly networkDelay: number;
  readonly maxEventsPerCommit: number;
  readonly incidentsToHalt: number;
  readonly maxCommandsInFlight: number;
  readonly steps: readonly Step[];
}

/** The same seed gives the same script for ever. */
export function scriptOf(seed: number): Script {
  const random = randomFrom(seed);
  // Most histories have little trouble: what breaks by itself must be seen by itself, too.
  const troubleRate = random.pick([0, 0, 0.05, 0.2]);
  const steps = Array.from({ length: random.integer(5, 35) }, (_, index): Step => {
    const then = random.pick([0, 0, 1, 2, 4, 8, 15, 30, 60]);
    return { action: nextAction(random, index, troubleRate), then };
  });
  return {
    seed,
    order: random.pick(['mailbox', 'mailbox', 'causal'] as const),
    storeDelay: random.pick([0, 0.5, 0.9]),
    networkDelay: random.pick([0, 0.5, 0.9]),
    maxEventsPerCommit: random.pick([2, 10, 1_000]),
    incidentsToHalt: random.pick([1_000, 1_000, 2]),
    maxCommandsInFlight: random.pick([1_000, 1_000, 12]),
    steps,
  };
}

function nextAction(random: Random, index: number, troubleRate: number): StepAction {
  const member = random.integer(1, MEMBER_COUNT);
  const symbol = random.pick(SYMBOLS);
  const draw = random.integer(0, 99);
  if (draw < 50) {
    const count = random.pick([1, 1, 2, 3, 5]);
    const wishes = Array.from({ length: count }, (_, no) => nextWish(random, `${index}.${no}`, troubleRate));
    return { type: 'Send', member, wishes };
  }
  if (draw < 55) return { type: 'Repeat', member, which: random.next() };
  if (draw < 62) return { type: 'Connect', member };
  if (draw < 67) {
    return { type: 'Disconnect', member, inOrder: random.chance(0.4), heard: random.integer(0, 4) };
  }
  if (draw < 71) {
    const asset = random.pick(['USD', 'USD', 'BTC', 'BTC', 'ETH']);
    const amount = random.pick([-1, 0, 1]) * random.integer(1, asset === 'USD' ? 900 : 9);
    return { type: 'Transfer', member, asset, amount, key: `t${index}` };
  }
  if (draw < 73) return { type: 'CancelSymbol', symbol };
  if (draw < 74) return { type: 'CancelMember', member };
  if (draw < 76) {
    const status = random.pick(['Open', 'Open', 'CancelOnly', 'Halted'] as const);
    return { type: 'SetStatus', symbol, status };
  }
  if (draw < 82) {
    const [which, price] = [random.next(), random.integer(95, 105)];
    return { type: 'Amend', which, isBust: random.chance(0.5), price, chargesVenue: random.chance(0.5) };
  }
  if (draw < 83) return { type: 'ChangeTerms', symbol };
  if (draw < 87) return { type: 'Advance', byMs: random.pick([5, 100, 1_000, 2_500]) };
  if (draw < 88) return { type: 'NextDay' };
  if (draw < 91) return { type: 'StoreAway', isAway: random.chance(0.5) };
  if (draw < 94) return { type: 'LoseAnswer' };
  if (draw < 99) return { type: 'Crash', commitArrives: random.chance(0.5), heard: random.integer(0, 4) };
  return { type: 'TakeOver', symbol };
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
