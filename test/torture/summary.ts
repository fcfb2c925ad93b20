/** What a torture run has done so far, and what it says at its end. */
import type { Bank } from './bank.ts';
import type { Recovery, TorturedMarket } from './market.ts';
import type { TortureMember } from './member.ts';
import type { Fault } from './script.ts';

export class Summary {
  readonly #members: readonly TortureMember[];
  readonly #market: TorturedMarket;
  readonly #bank: Bank;
  readonly #faults = new Map<Fault['type'], number>();

  constructor(members: readonly TortureMember[], market: TorturedMarket, bank: Bank) {
    this.#members = members;
    this.#market = market;
    this.#bank = bank;
  }

  injected(fault: Fault): void {
    this.#faults.set(fault.type, (this.#faults.get(fault.type) ?? 0) + 1);
  }

  /** The number of the last fault; 0 before the first. */
  get faultNo(): number {
    return [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
  }

  /** In a few words. */
  get progress(): string {
    const { accepted, fills } = this.#counts();
    return `${accepted} orders acknowledged, ${fills} fills told, ${this.faultNo} faults`;
  }

  /** Everything. */
  lines(tookMs: number, cannotFill: string | undefined): readonly string[] {
    const { accepted, fills, repeats, turnedAway } = this.#counts();
    const faults = [...this.#faults].map(([type, count]) => `  ${type.padEnd(16)} ${count}`);
    const notInjected = cannotFill === undefined ? [] : [`  FillDisk         not injected: ${cannotFill}`];
    return [
      `ran for           ${(tookMs / 1000).toFixed(0)} s, ${this.#market.startCount} starts of the venue`,
      `faults injected   ${this.faultNo}`,
      ...faults.sort(),
      ...notInjected,
      `orders            ${accepted} acknowledged`,
      // Each trade is told to both parties.
      `trades            ${fills / 2}`,
      `transfers         ${this.#bank.bookedCount} booked`,
      `reports           ${repeats} told again with a mark`,
      `requests          ${turnedAway} turned away (380=4)`,
      `symbols           ${this.#market.haltCount} halted by crashes and resumed`,
      'recoveries        count    p50    p99    max (ms until ready)',
      ...recoveryLines(this.#market.recoveries),
    ];
  }

  #counts(): TortureMember['record']['counts'] {
    const sum = { accepted: 0, fills: 0, repeats: 0, turnedAway: 0 };
    for (const { record } of this.#members) {
      sum.accepted += record.counts.accepted;
      sum.fills += record.counts.fills;
      sum.repeats += record.counts.repeats;
      sum.turnedAway += record.counts.turnedAway;
    }
    return sum;
  }
}

/** One line per kind of fault, and one over all. */
export function recoveryLines(recoveries: readonly Recovery[]): string[] {
  const byFault = new Map<string, number[]>();
  for (const { fault, tookMs } of recoveries) {
    for (const name of [fault, 'all']) {
      const times = byFault.get(name);
      if (times === undefined) byFault.set(name, [tookMs]);
      else times.push(tookMs);
    }
  }
  return [...byFault]
    .sort(([left], [right]) => (left === 'all' ? 1 : right === 'all' ? -1 : left < right ? -1 : 1))
    .map(([name, times]) => {
      const sorted = times.sort((left, right) => left - right);
      const columns = [sorted.length, at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1)];
      return `  ${name.padEnd(16)}${columns.map((value) => String(value).padStart(7)).join('')}`;
    });
}

/** The value below which that share of the sorted values lies. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
