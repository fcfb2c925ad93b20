/**
 * What the members of a torture run do in each round, from its seed alone: their steps, and the money that comes and
 * goes. The faults between them are another script's, since a venue of one process has others than a cluster.
 */
import type { FixVersion } from '../../src/fix/version.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { RandomRequests, type ScriptedRequest } from './requests.ts';

/** Who trades what. */
export interface Cast {
  /** Members by the version that each speaks. */
  readonly members: readonly (readonly [name: string, version: FixVersion])[];
  /** Everything against USD. */
  readonly symbols: readonly string[];
  readonly assets: readonly string[];
}

/** How much a member asks for in a round, and how fast. */
export interface Tempo {
  /** Requests that a member sends in a round. */
  readonly requests: { readonly min: number; readonly max: number };
  /** Between two writes, ms. */
  readonly pauseMs: { readonly min: number; readonly max: number };
}

/** One thing that a member does. */
export type Step =
  /** In one write. */
  | { readonly type: 'Send'; readonly requests: readonly ScriptedRequest[]; readonly pauseMs: number }
  /** Requests that were answered, again, with 97=Y: which of them, from 0 to 1. */
  | { readonly type: 'Repeat'; readonly which: number }
  | { readonly type: 'Disconnect' }
  | { readonly type: 'LogOut' };

/** What a member does in a round. */
export interface MemberPart {
  /** It has lost what it sent when its connection is gone, and repeats with 97=Y what was not answered. */
  readonly isForgetful: boolean;
  readonly steps: readonly Step[];
}

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

/** Something at its moment. */
export interface At<What> {
  /** When the members have sent so many requests of the round. */
  readonly afterRequests: number;
  readonly fault: What;
}

/** A round with its faults. */
export interface RoundOf<What> {
  /** 1 for the first. */
  readonly no: number;
  readonly faults: readonly At<What>[];
  readonly transfers: readonly ScriptedTransfer[];
  /** By the number of the member, from 0. */
  readonly members: readonly MemberPart[];
}

const LARGEST_BURST = 6;
const TRANSFERS_PER_ROUND = 4;
const SEED_STRIDE = 1_000_003;

/** The members' part of the rounds of a seed, one after the other. */
export class TradingScript {
  readonly #seed: number;
  readonly #cast: Cast;
  readonly #tempo: Tempo;
  readonly #requests: readonly RandomRequests[];
  #lastNo = 0;

  constructor(seed: number, cast: Cast, tempo: Tempo) {
    this.#seed = seed;
    this.#cast = cast;
    this.#tempo = tempo;
    this.#requests = cast.members.map(([name, version]) => new RandomRequests(name, version, cast.symbols));
  }

  /** `drawFaults` is given a stream of its own and the number of requests of the round. */
  next<What>(drawFaults: (random: Random, count: number) => readonly At<What>[]): RoundOf<What> {
    this.#lastNo += 1;
    const random = this.#stream(0);
    const members = this.#cast.members.map((_, no) => this.#member(no, this.#stream(1 + no)));
    const count = members.reduce((sum, { steps }) => sum + countOf(steps), 0);
    const faults = drawFaults(random, count);
    return { no: this.#lastNo, members, faults, transfers: this.#transfers(random, count) };
  }

  #member(no: number, random: Random): MemberPart {
    const { requests: many, pauseMs } = this.#tempo;
    const steps: Step[] = [];
    let left = random.integer(many.min, many.max);
    while (left > 0) {
      const size = Math.min(left, random.integer(1, LARGEST_BURST));
      left -= size;
      const requests = Array.from({ length: size }, () => this.#requests[no]!.next(random));
      steps.push({ type: 'Send', requests, pauseMs: random.integer(pauseMs.min, pauseMs.max) });
      const draw = random.next();
      if (draw < 0.02) steps.push({ type: 'Repeat', which: random.next() });
      else if (draw < 0.025) steps.push({ type: 'Disconnect' });
      else if (draw < 0.03) steps.push({ type: 'LogOut' });
    }
    return { isForgetful: random.chance(0.3), steps };
  }

  #transfers(random: Random, count: number): ScriptedTransfer[] {
    const { assets, members } = this.#cast;
    return Array.from({ length: random.integer(0, TRANSFERS_PER_ROUND) }, (_, index) => {
      const asset = random.pick(assets);
      return {
        afterRequests: Math.floor(count * random.next()),
        type: random.pick(['deposit', 'withdrawal'] as const),
        memberNo: random.integer(0, members.length - 1),
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
