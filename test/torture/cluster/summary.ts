/** What the torture of a cluster has done so far, and what it says at its end. */
import { type Answered, longestWait } from '../../support/cluster-clients.ts';
import type { Auditor } from '../audit.ts';
import type { Bank } from '../bank.ts';
import type { Recovery } from '../market.ts';
import { countsOf, recoveryLines, timesText } from '../summary.ts';
import type { TorturedCluster } from './market.ts';
import type { ClusterMembers } from './members.ts';
import { type ClusterFault, type ClusterRound, isOperation, kindOf } from './script.ts';

interface Parts {
  readonly market: TorturedCluster;
  readonly members: ClusterMembers;
  readonly bank: Bank;
  readonly auditor: Auditor;
}

const MINUTE_MS = 60_000;
const MIB = 1_048_576;

export class ClusterSummary {
  readonly #parts: Parts;
  readonly #faults = new Map<string, number>();
  readonly #operations = new Map<string, number>();
  /** Of requests, ms. */
  readonly #waits: number[] = [];
  /** The longest wait of each round, by its only fault. */
  readonly #pauses: Recovery[] = [];
  readonly #use: string[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  injected(fault: ClusterFault): void {
    const counts = isOperation(fault) ? this.#operations : this.#faults;
    counts.set(kindOf(fault), (counts.get(kindOf(fault)) ?? 0) + 1);
  }

  /** What members waited for in a round; where it had one fault only, that was the reason. */
  waited({ faults }: ClusterRound, answers: readonly Answered[]): void {
    for (const { sentAt, answeredAt } of answers) this.#waits.push(answeredAt - sentAt);
    const failures = faults.filter(({ fault }) => !isOperation(fault));
    const [only] = failures;
    const fault = only === undefined || failures.length > 1 ? 'several at once' : kindOf(only.fault);
    this.#pauses.push({ fault, tookMs: longestWait(answers) });
  }

  /** What is in use after a round. */
  noteUse(atMs: number): void {
    const nodes = this.#parts.market.processes.residentBytes / MIB;
    const own = process.memoryUsage.rss() / MIB;
    const columns = [nodes, own].map((mib) => mib.toFixed(0).padStart(9)).join('');
    this.#use.push(`  after ${(atMs / MINUTE_MS).toFixed(1).padStart(5)} minutes${columns}`);
  }

  /** The number of the last fault; 0 before the first. What operators ask for is none. */
  get faultNo(): number {
    return sumOf(this.#faults);
  }

  /** In a few words. */
  get progress(): string {
    const { accepted, fills } = countsOf(this.#parts.members.all);
    return `${accepted} orders acknowledged, ${fills} fills told, ${this.faultNo} faults`;
  }

  /** Everything. */
  lines(tookMs: number, seed: number): readonly string[] {
    const { market, members, bank, auditor } = this.#parts;
    const { accepted, fills, repeats, turnedAway } = countsOf(members.all);
    const { engine, gateway, nats, postgres } = market.kills;
    return [
      `ran for           ${(tookMs / MINUTE_MS).toFixed(1)} minutes with seed ${seed}, ${members.all.length} members`,
      `faults injected   ${this.faultNo}`,
      ...countLines(this.#faults),
      `operations        ${sumOf(this.#operations)}`,
      ...countLines(market.operations.outcomes),
      `kills             ${engine + gateway + nats + postgres}: engines ${engine}, gateways ${gateway}, ` +
        `NATS ${nats}, Postgres ${postgres}`,
      `starts            ${market.processes.startCount} of nodes`,
      `orders            ${accepted} acknowledged`,
      `fills             ${fills} told, of ${fills / 2} trades`,
      `transfers         ${bank.bookedCount} booked`,
      `reports           ${repeats} told again with a mark`,
      `requests          ${turnedAway} turned away, nothing done`,
      `sessions          ${members.lostConnections} connections lost`,
      `symbols           ${market.haltCount} halted by crashes and resumed`,
      `audits            ${auditor.auditCount} rounds: records, rows, memory and owners agree`,
      `proofs            ${auditor.proofs.count} of all rows: reconcile, audit verify, owners by epoch; ` +
        `the last one took ${auditor.proofs.lastTookMs} ms`,
      'recoveries                             count    p50    p95    max (ms until all is well)',
      ...recoveryLines(market.recoveries),
      'longest waits of rounds by their fault count    p50    p95    max (ms until the answer)',
      ...recoveryLines(this.#pauses),
      `waits of requests ${timesText(this.#waits)}`,
      'in use (MiB)             nodes  members',
      ...this.#use.filter(
        (_, no) => no % Math.ceil(this.#use.length / 5) === 0 || no === this.#use.length - 1,
      ),
    ];
  }
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function countLines(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([name, count]) => `  ${name.padEnd(32)}${count}`).sort();
}
