/**
 * What happens in a torture run, from its seed alone: round after round the faults with the moment of each, and what
 * every member does. The same seed gives the same script; only how long things take is the machine's.
 */
import type { FixVersion } from '../../src/fix/version.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { RandomRequests, type ScriptedRequest } from './requests.ts';

/** What is traded; everything against USD. */
export const SYMBOLS = ['BTC-USD', 'ETH-USD', 'SOL-USD'] as const;
export const ASSETS = ['USD', 'BTC', 'ETH', 'SOL'] as const;

/** Members by the version that each speaks. */
export const MEMBERS: readonly (readonly [name: string, version: FixVersion])[] = [
  ['alice', 'FIX.4.4'],
  ['bob', 'FIX.4.2'],
  ['carol', 'FIX.5.0SP2'],
  ['dave', 'FIX.4.4'],
  ['erin', 'FIX.4.2'],
  ['frank', 'FIX.5.0SP2'],
];

/** Something that goes wrong. Times in milliseconds. */
export type Fault =
  /** SIGKILL; the process that is started instead is killed too, so long after its start, as often as is listed. */
  | { readonly type: 'KillVenue'; readonly againAfterMs: readonly number[] }
  /** SIGKILL of the postmaster, or of one of its processes, after which it recovers by itself. */
  | { readonly type: 'KillPostgres'; readonly target: 'postmaster' | 'backend' }
  /** The same with its Postgres, which the process that is started instead starts: it may die while it does. */
  | { readonly type: 'KillBoth'; readonly againAfterMs: readonly number[] }
  /** SIGSTOP of all its processes, then SIGCONT. */
  | { readonly type: 'PausePostgres'; readonly forMs: number }
  /** A fast shutdown. */
  | { readonly type: 'RestartPostgres' }
  /** No room for another byte; with `withLog`, the write-ahead log has no prepared segment left either. */
  | { readonly type: 'FillDisk'; readonly forMs: number; readonly withLog: boolean }
  /** A member's connection ends within a message. */
  | { readonly type: 'CutMidMessage'; readonly memberNo: number }
  /** A member asks for much and reads nothing. */
  | { readonly type: 'ReadSlowly'; readonly memberNo: number; readonly forMs: number }
  | { readonly type: 'JumpClock'; readonly byMs: number }
  /** The clock jumps into the next trading day, for the members too. */
  | { readonly type: 'NextDay' }
  | { readonly type: 'BreakBook'; readonly symbol: string; readonly times: number };

/** A fault at its moment. */
export interface ScriptedFault {
  /** When the members have sent so many requests of the round. */
  readonly afterRequests: number;
  readonly fault: Fault;
}

/** One thing that a member does. */
export type Step =
  /** In one write. */
  | { readonly type: 'Send'; readonly requests: readonly ScriptedRequest[]; readonly pauseMs: number }
  /** Requests that were answered, again, with 97=Y: which of them, from 0 to 1. */
  | { readonly type: 'Repeat'; readonly which: number }
  | { readonly type: 'Disconnect' }
  | { readonly type: 'LogOut' };

/** A deposit or a withdrawal. */
export interface ScriptedTransfer {
  readonly afterRequests: number;
  readonly type: 'deposit' | 'withdrawal';
  readonly memberNo: number;
  readonly asset: string;
  readonly amount: string;
  /** By which a repeat is known. */
  readonly id: string;
}

export interface Round {
  /** 1 for the first. */
  readonly no: number;
  readonly faults: readonly ScriptedFault[];
  readonly transfers: readonly ScriptedTransfer[];
  /** By the number of the member, from 0. */
  readonly members: readonly {
    /** It has lost what it sent when its connection is gone, and repeats with 97=Y what was not answered. */
    readonly isForgetful: boolean;
    readonly steps: readonly Step[];
  }[];
}

/** Requests that a member sends in a round. */
const REQUESTS_PER_MEMBER = { min: 40, max: 110 } as const;
const LARGEST_BURST = 6;
const PAUSE_MS = { min: 10, max: 120 } as const;
const TRANSFERS_PER_ROUND = 4;
/** The clock is never further from the members' than this: they would be refused (373=10). */
const LARGEST_SKEW_MS = 100_000;
const SEED_STRIDE = 1_000_003;

/** The rounds of a seed, one after the other. */
export class Script {
  readonly #seed: number;
  readonly #requests: readonly RandomRequests[];
  #lastNo = 0;
  #skewMs = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#requests = MEMBERS.map(([name, version]) => new RandomRequests(name, version, SYMBOLS));
  }

  next(): Round {
    this.#lastNo += 1;
    const random = this.#stream(0);
    const members = MEMBERS.map((_, no) => this.#member(no, this.#stream(1 + no)));
    const count = members.reduce((sum, { steps }) => sum + countOf(steps), 0);
    return {
      no: this.#lastNo,
      members,
      faults: this.#faults(random, count),
      transfers: this.#transfers(random, count),
    };
  }

  #member(no: number, random: Random): Round['members'][number] {
    const steps: Step[] = [];
    let left = random.integer(REQUESTS_PER_MEMBER.min, REQUESTS_PER_MEMBER.max);
    while (left > 0) {
      const size = Math.min(left, random.integer(1, LARGEST_BURST));
      left -= size;
      const requests = Array.from({ length: size }, () => this.#requests[no]!.next(random));
      steps.push({ type: 'Send', requests, pauseMs: random.integer(PAUSE_MS.min, PAUSE_MS.max) });
      const draw = random.next();
      if (draw < 0.02) steps.push({ type: 'Repeat', which: random.next() });
      else if (draw < 0.025) steps.push({ type: 'Disconnect' });
      else if (draw < 0.03) steps.push({ type: 'LogOut' });
    }
    return { isForgetful: random.chance(0.3), steps };
  }

  #faults(random: Random, count: number): ScriptedFault[] {
    const wanted = random.chance(0.25) ? 2 : 1;
    const faults: ScriptedFault[] = [];
    for (let i = 0; i < wanted; i += 1) {
      const afterRequests = Math.floor(count * (0.1 + 0.75 * random.next()));
      faults.push({ afterRequests, fault: this.#fault(random) });
    }
    return faults.sort((left, right) => left.afterRequests - right.afterRequests);
  }

  #fault(random: Random): Fault {
    const draw = random.next();
    const memberNo = random.integer(0, MEMBERS.length - 1);
    if (draw < 0.4) return { type: 'KillVenue', againAfterMs: this.#secondDeaths(random, 0.15) };
    if (draw < 0.52) {
      return { type: 'KillPostgres', target: random.chance(0.6) ? 'postmaster' : 'backend' };
    }
    if (draw < 0.58) return { type: 'KillBoth', againAfterMs: this.#secondDeaths(random, 0.4) };
    if (draw < 0.66) {
      const isLong = random.chance(0.2);
      return {
        type: 'PausePostgres',
        forMs: isLong ? random.integer(6_000, 9_000) : random.integer(50, 2_500),
      };
    }
    if (draw < 0.71) return { type: 'RestartPostgres' };
    if (draw < 0.78) {
      return { type: 'FillDisk', forMs: random.integer(500, 3_000), withLog: random.chance(0.3) };
    }
    if (draw < 0.83) return { type: 'CutMidMessage', memberNo };
    if (draw < 0.88) return { type: 'ReadSlowly', memberNo, forMs: random.integer(500, 2_500) };
    if (draw < 0.91) return { type: 'JumpClock', byMs: this.#jump(random) };
    if (draw < 0.93) return { type: 'NextDay' };
    return { type: 'BreakBook', symbol: random.pick(SYMBOLS), times: random.pick([1, 1, 2, 2, 6]) };
  }

  #secondDeaths(random: Random, chance: number): number[] {
    if (!random.chance(chance)) return [];
    return Array.from({ length: random.integer(1, 2) }, () => random.integer(50, 2_000));
  }

  #jump(random: Random): number {
    const target = random.integer(-LARGEST_SKEW_MS, LARGEST_SKEW_MS);
    const byMs = target - this.#skewMs;
    this.#skewMs = target;
    return byMs;
  }

  #transfers(random: Random, count: number): ScriptedTransfer[] {
    return Array.from({ length: random.integer(0, TRANSFERS_PER_ROUND) }, (_, index) => {
      const asset = random.pick(ASSETS);
      return {
        afterRequests: Math.floor(count * random.next()),
        type: random.pick(['deposit', 'withdrawal'] as const),
        memberNo: random.integer(0, MEMBERS.length - 1),
        asset,
        // Some are more than is free.
        amount: random.chance(0.05) ? '4000000' : `${random.integer(1, asset === 'USD' ? 2_000 : 20)}.5`,
        id: `transfer-${this.#lastNo}-${index}`,
      };
    });
  }

  /** A stream of randomness of this round: what one member draws does not move another's. */
  #stream(no: number): Random {
    return randomFrom((this.#seed * SEED_STRIDE + this.#lastNo * 101 + no) | 0);
  }
}

/** Requests in these steps, repeats apart. */
export function countOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.type === 'Send' ? step.requests.length : 0), 0);
}
