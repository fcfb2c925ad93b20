/** What a torture run has done so far, and what it says at its end. */
import type { Auditor } from './audit.ts';
import type { Bank } from './bank.ts';
import { footprintLines, type Sample } from './footprint.ts';
import type { Recovery, TorturedMarket } from './market.ts';
import type { TortureMember } from './member.ts';
import type { Fault } from './script.ts';

/** Who knows what has been done. */
interface Parts {
  readonly members: readonly TortureMember[];
  readonly market: TorturedMarket;
  readonly bank: Bank;
  readonly auditor: Auditor;
}

/** What only the run itself knows. */
export interface RunFacts {
  readonly tookMs: number;
  readonly seed: number;
  /** Why the disk was never full; undefined when it could be. */
  readonly cannotFill: string | undefined;
}

const MINUTE_MS = 60_000;

export class Summary {
  readonly #members: readonly TortureMember[];
  readonly #market: TorturedMarket;
  readonly #bank: Bank;
  readonly #auditor: Auditor;
  readonly #samples: Sample[] = [];
  readonly #faults = new Map<Fault['type'], number>();

  constructor({ members, market, bank, auditor }: Parts) {
    this.#members = members;
    this.#market = market;
    this.#bank = bank;
    this.#auditor = auditor;
  }

  /** What is in use after a round. */
  noteUse(sample: Sample): void {
    this.#samples.push(sample);
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
    const { accepted, fills } = countsOf(this.#members);
    return `${accepted} orders acknowledged, ${fills} fills told, ${this.faultNo} faults`;
  }

  /** Everything. */
  lines({ tookMs, seed, cannotFill }: RunFacts): readonly string[] {
    const { accepted, fills, repeats, turnedAway } = countsOf(this.#members);
    const market = this.#market;
    const faults = [...this.#faults].map(([type, count]) => `  ${type.padEnd(16)}${count}`);
    const notInjected = cannotFill === undefined ? [] : [`  FillDisk        not injected: ${cannotFill}`];
    const { venue, postgres, postgresChild } = market.kills;
    return [
      `ran for           ${(tookMs / MINUTE_MS).toFixed(1)} minutes with seed ${seed}, ${this.#members.length} members`,
      `faults injected   ${this.faultNo}`,
      ...faults.sort(),
      ...notInjected,
      `kills             ${venue + postgres + postgresChild}: the venue ${venue}, Postgres ${postgres}, ` +
        `one process of Postgres ${postgresChild}; of these both at once ${market.kills.both}`,
      `starts            ${market.startCount} of the venue`,
      `orders            ${accepted} acknowledged`,
      `fills             ${fills} told, of ${fills / 2} trades`,
      `transfers         ${this.#bank.bookedCount} booked`,
      `reports           ${repeats} told again with a mark`,
      `requests          ${turnedAway} turned away (380=4)`,
      `symbols           ${market.haltCount} halted by crashes and resumed`,
      `audits            ${this.#auditor.auditCount} rounds: records, rows and memory agree`,
      `proofs            ${this.#auditor.proofs.count} of all rows: onebook reconcile and onebook audit verify; ` +
        `the last one took ${this.#auditor.proofs.lastTookMs} ms`,
      'recoveries        count    p50    p95    max (ms until ready)',
      ...recoveryLines(market.recoveries),
      'in use (MiB)             disk    venue  members',
      ...footprintLines(this.#samples),
    ];
  }
}

/** What all members together have been told. */
export function countsOf(members: readonly TortureMember[]): TortureMember['record']['counts'] {
  const sum = { accepted: 0, fills: 0, repeats: 0, turnedAway: 0 };
  for (const { record } of members) {
    sum.accepted += record.counts.accepted;
    sum.fills += record.counts.fills;
    sum.repeats += record.counts.repeats;
    sum.turnedAway += record.counts.turnedAway;
  }
  return sum;
}

/** One line per kind of fault, and one over all. */
export function recoveryLines(recoveries: readonly Recovery[]): string[] {
  const width = Math.max(16, ...recoveries.map(({ fault }) => fault.length + 1));
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
    .map(([name, times]) => `  ${name.padEnd(width)}${timesText(times)}`);
}

/** How many there are, and which half, nearly all and all of them do not exceed. */
export function timesText(times: readonly number[]): string {
  const sorted = [...times].sort((left, right) => left - right);
  const columns = [sorted.length, at(sorted, 0.5), at(sorted, 0.95), at(sorted, 1)];
  return columns.map((value) => String(value).padStart(7)).join('');
}

/** The value below which that share of the sorted values lies. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
