/**
 * What happens in a torture run, from its seed alone: round after round the faults with the moment of each, and what
 * every member does. The same seed gives the same script; only how long things take is the machine's.
 */
import type { FixVersion } from '../../src/fix/version.ts';
import type { Random } from '../support/random.ts';
import { type At, type Cast, type RoundOf, type Tempo, TradingScript } from './trading-script.ts';

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

export type ScriptedFault = At<Fault>;
export type Round = RoundOf<Fault>;

const CAST: Cast = { members: MEMBERS, symbols: SYMBOLS, assets: ASSETS };
const TEMPO: Tempo = { requests: { min: 40, max: 110 }, pauseMs: { min: 10, max: 120 } };
/** The clock is never further from the members' than this: they would be refused (373=10). */
const LARGEST_SKEW_MS = 100_000;

/** The rounds of a seed, one after the other. */
export class Script {
  readonly #trading: TradingScript;
  #skewMs = 0;

  constructor(seed: number) {
    this.#trading = new TradingScript(seed, CAST, TEMPO);
  }

  next(): Round {
    return this.#trading.next((random, count) => this.#faults(random, count));
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
}
