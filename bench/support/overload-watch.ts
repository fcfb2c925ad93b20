/** Looks at the venue of the overload benchmark while it works: memory, event loop, and what it says of itself. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/platform/clock.ts';
import type { VenueProcess } from './venue-process.ts';

/** One look. */
export interface Look {
  /** ms since the epoch. */
  readonly at: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** The longest delay of the event loop since the look before, ms. */
  readonly loopMaxMs: number;
  readonly loopP99Ms: number;
  readonly persistenceBuffer: number;
  readonly commandsInFlight: number;
  readonly sessionsPaused: number;
  /** Since the start of the venue, by reason. */
  readonly refusedOverloaded: number;
  readonly refusedUnavailable: number;
  readonly throttled: number;
}

const INTERVAL_MS = 1_000;
const MIB = 1024 * 1024;

/** Takes a look every second until it is told to stop. */
export class Watch {
  readonly looks: Look[] = [];
  readonly #venue: VenueProcess;
  readonly #stop: () => void;
  #isLooking = false;

  constructor(venue: VenueProcess) {
    this.#venue = venue;
    this.#stop = systemClock.every(INTERVAL_MS, () => void this.#look());
  }

  stop(): void {
    this.#stop();
  }

  /** The looks between two moments, ms since the epoch. */
  between(from: number, to: number): readonly Look[] {
    return this.looks.filter(({ at }) => at >= from && at <= to);
  }

  async #look(): Promise<void> {
    // A venue that is busy answers late: looks do not pile up.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const text = await this.#venue.metrics();
      const value = (name: string): number => sampleOf(text, name);
      this.looks.push({
        at: systemClock.now(),
        rssMiB: rssMiBOf(this.#venue.pid),
        heapMiB: value('nodejs_heap_size_used_bytes') / MIB,
        loopMaxMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
        loopP99Ms: value('nodejs_eventloop_lag_p99_seconds') * 1000,
        persistenceBuffer: value('onebook_persistence_buffer'),
        commandsInFlight: value('onebook_queue_depth{queue="commands_in_flight"}'),
        sessionsPaused: value('onebook_sessions_reading_paused'),
        refusedOverloaded: value('onebook_requests_refused_total{because="overloaded"}'),
        refusedUnavailable: value('onebook_requests_refused_total{because="store_unavailable"}'),
        throttled: value('onebook_requests_throttled_total'),
      });
    } catch {
      // The venue is about to stop.
    } finally {
      this.#isLooking = false;
    }
  }
}

/** The value of one sample in the text format of Prometheus; 0 when it is not there. */
function sampleOf(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function rssMiBOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib) / 1024;
}
