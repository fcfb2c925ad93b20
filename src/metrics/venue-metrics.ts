/**
 * The metrics of one node, in the text format of Prometheus: what its actors and sessions count, and what it shows of
 * itself when it is asked. The only place where the venue meets prom-client is this folder.
 */
import { statfs } from 'node:fs/promises';
import { Histogram, Registry } from 'prom-client';
import type { Meter } from '../actors/meter.ts';
import { SessionCounts } from '../fix/session-counts.ts';
import type { Clock } from '../platform/clock.ts';
import { monotonicMs, watchClock } from '../platform/monotonic.ts';
import { CommitMetrics } from './commit-metrics.ts';
import { nodeSeries } from './node-series.ts';
import { processMetrics } from './process-metrics.ts';
import { queueSeries } from './queue-series.ts';
import { addCounters, addGauges, type Sample } from './series.ts';
import { sessionCounters, sessionGauges } from './session-series.ts';
import { Tallies } from './tallies.ts';
import { tradingSeries } from './trading-series.ts';
import type { WatchedCluster, WatchedNode } from './watched-node.ts';

export interface VenueMetricsOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly dataDir: string;
  /** Tests measure time with one of their own. */
  readonly monotonicMs?: () => number;
}

type Crash = Parameters<Meter['crashed']>;

const ACTOR_KINDS = ['exchange', 'persistence', 'account', 'book', 'gateway', 'session'] as const;
const DECISIONS = ['restart', 'stop'] as const;
/** From an account without orders to one that waits for a database in trouble. */
const ACCOUNT_LOAD_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const UNKNOWN_DISK = { free: Number.NaN, size: Number.NaN };

/** Made before the actors, who count from the start; told of the node's parts when they exist. */
export class VenueMetrics {
  /** For the sessions. */
  readonly sessionCounts = new SessionCounts();
  /** For the actors. */
  readonly meter: Meter;
  readonly #registry = new Registry();
  readonly #dataDir: string;
  readonly #monotonicMs: () => number;
  readonly #beganAtMs: number;
  readonly #crashes = new Map<string, number>();
  #node: WatchedNode | undefined;
  #cluster: () => WatchedCluster | undefined = () => undefined;
  #startedInMs = 0;
  #disk = UNKNOWN_DISK;
  #asked: Promise<string> | undefined;

  constructor(options: VenueMetricsOptions) {
    this.#dataDir = options.dataDir;
    this.#monotonicMs = options.monotonicMs ?? monotonicMs;
    this.#beganAtMs = this.#monotonicMs();
    const tallies = new Tallies();
    const node = () => this.#node;
    addCounters(this.#registry, [
      ...tradingSeries(tallies, this.sessionCounts),
      ...sessionCounters(this.sessionCounts, node),
      {
        name: 'actor_crashes_total',
        help: 'Actors that threw, as a count by kind and by what was done: restart (from rows, where it has state) or stop (sessions).',
        labels: ['actor', 'decision'],
        read: () => this.#crashSamples(),
      },
    ]);
    addGauges(this.#registry, [
      ...nodeSeries(node, {
        startedInMs: () => this.#startedInMs,
        clockOffsetMs: watchClock(options.clock, this.#monotonicMs),
        cluster: () => this.#cluster(),
        disk: () => this.#disk,
      }),
      ...sessionGauges(node),
      ...queueSeries(node),
    ]);
    const commits = new CommitMetrics(this.#registry, this.#monotonicMs);
    const accountLoads = new Histogram({
      name: 'onebook_account_load_seconds',
      help: 'From when an account has asked for its rows until it works with them, in seconds: so long its member has no answers.',
      buckets: ACCOUNT_LOAD_SECONDS,
      registers: [this.#registry],
    });
    this.meter = {
      commitStarted: () => commits.started(),
      commitFinished(outcome, batch) {
        commits.finished(outcome, batch);
        if (outcome === 'Committed') tallies.addCommitted(batch);
      },
      reported: (reports) => tallies.addReports(reports),
      reportsLeftWaiting(count) {
        tallies.reportsLeftWaiting += count;
      },
      accountLoaded: (ms) => accountLoads.observe(ms / 1_000),
      crashed: (...crash) => this.#noteCrash(crash),
    };
    // What it measures, it measures from now on.
    processMetrics();
  }

  /** The node's actors live: recovery can be watched. */
  watch(node: WatchedNode): void {
    this.#node = node;
  }

  /** The node is a member of a cluster, or another life of it is; it is looked at whenever figures are asked for. */
  watchCluster(cluster: () => WatchedCluster): void {
    this.#cluster = cluster;
  }

  /** Members can connect. */
  started(): void {
    this.#startedInMs = this.#monotonicMs() - this.#beganAtMs;
  }

  /** Everything, as `contentType` says. Who asks while an answer is being made gets the same one. */
  text(): Promise<string> {
    this.#asked ??= this.#collect().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async #collect(): Promise<string> {
    this.#disk = await diskOf(this.#dataDir);
    const texts = await Promise.all([this.#registry.metrics(), processMetrics().metrics()]);
    return texts.join('\n');
  }

  #noteCrash([kind, decision]: Crash): void {
    const key = `${kind} ${decision}`;
    this.#crashes.set(key, (this.#crashes.get(key) ?? 0) + 1);
  }

  /** All kinds from the start, so that the first crash is an increase. */
  *#crashSamples(): Iterable<Sample> {
    for (const actor of ACTOR_KINDS) {
      for (const decision of DECISIONS) {
        yield [{ actor, decision }, this.#crashes.get(`${actor} ${decision}`) ?? 0];
      }
    }
  }
}

async function diskOf(directory: string): Promise<typeof UNKNOWN_DISK> {
  try {
    const { bavail, blocks, bsize } = await statfs(directory);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return UNKNOWN_DISK;
  }
}
