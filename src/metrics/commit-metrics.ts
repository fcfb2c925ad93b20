/** How commits go: how long, how large, and how often not. Observed once per commit. */
import { Histogram, type Registry } from 'prom-client';
import type { CommitBatch, CommitOutcome } from '../actors/ports.ts';
import { addCounters, addGauges, byLabel } from './series.ts';

/** From a commit on a disk of its own to one that waits for a database in trouble. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const EVENTS = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const MS_PER_SECOND = 1_000;

/** The commits of the one writer. */
export class CommitMetrics {
  readonly #monotonicMs: () => number;
  readonly #seconds: Histogram;
  readonly #events: Histogram;
  readonly #outcomes: Record<CommitOutcome['type'], number> = {
    Committed: 0,
    Unavailable: 0,
    NotOwner: 0,
    Refused: 0,
  };
  #triedAtMs = 0;
  /** When the batch that is on its way was tried first: it may have been tried several times since. */
  #underWaySinceMs: number | undefined;

  constructor(registry: Registry, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#seconds = new Histogram({
      name: 'onebook_commit_seconds',
      help: 'Time that a successful commit took, from its first statement to the answer of COMMIT, in seconds.',
      buckets: SECONDS,
      registers: [registry],
    });
    this.#events = new Histogram({
      name: 'onebook_commit_events',
      help: 'Order events of a successful commit, as a count; 0: rows of sessions or transfers only.',
      buckets: EVENTS,
      registers: [registry],
    });
    addCounters(registry, [
      {
        name: 'commit_attempts_total',
        help: 'Commits tried, as a count by outcome: committed, unavailable (tried again), refused (rows at fault), not_owner (the node stops).',
        labels: ['outcome'],
        read: () => byLabel('outcome', this.#outcomesByName()),
      },
    ]);
    addGauges(registry, [
      {
        name: 'commit_under_way_seconds',
        help: 'How long the batch that is on its way to the database has been, retries included, in seconds; 0: none is.',
        read: () => this.#underWayMs() / MS_PER_SECOND,
      },
    ]);
  }

  /** See `Meter`. */
  started(): void {
    this.#triedAtMs = this.#monotonicMs();
    this.#underWaySinceMs ??= this.#triedAtMs;
  }

  /** See `Meter`. */
  finished(outcome: CommitOutcome['type'], batch: CommitBatch): void {
    this.#outcomes[outcome] += 1;
    if (outcome === 'Unavailable') return;
    this.#underWaySinceMs = undefined;
    if (outcome !== 'Committed') return;
    this.#seconds.observe((this.#monotonicMs() - this.#triedAtMs) / MS_PER_SECOND);
    this.#events.observe(batch.events.length);
  }

  #underWayMs(): number {
    return this.#underWaySinceMs === undefined ? 0 : this.#monotonicMs() - this.#underWaySinceMs;
  }

  #outcomesByName(): readonly (readonly [string, number])[] {
    const { Committed, Unavailable, Refused, NotOwner } = this.#outcomes;
    return [
      ['committed', Committed],
      ['unavailable', Unavailable],
      ['refused', Refused],
      ['not_owner', NotOwner],
    ];
  }
}
