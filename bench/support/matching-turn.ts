/**
 * One book's turn in `bench/matching.ts`, in a process of its own: the code that a book runs through is then compiled
 * for that book and that stream, as in a venue, and what one leaves behind does not slow the next.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Contender, type ContenderKind, OWN_CONTENDERS, peerContender } from './matching-contenders.ts';
import { makeStream, type Stream, streamProfiles } from './matching-stream.ts';
import { Samples } from './percentiles.ts';

/** What a turn is asked for, as the first argument of the process. */
export interface TurnRequest {
  readonly operations: number;
  readonly seed: number;
  /** Of {@link streamProfiles}, from 0. */
  readonly streamIndex: number;
  /** Of {@link OWN_CONTENDERS}, or the module of the peer. */
  readonly contender: number | string;
  /** Measured runs, after one to warm up. */
  readonly runs: number;
  /** Whether single operations are timed too. */
  readonly inspects: boolean;
}

/** What a turn prints. */
export interface TurnResult {
  readonly name: string;
  readonly does: string;
  /** Operations per second of wall time. */
  readonly ratesPerSecond: readonly number[];
  /** Operations per second of the thread's own CPU time: what else the machine does hardly shows in it. */
  readonly cpuRatesPerSecond: readonly number[];
  readonly measuredCount: number;
  readonly restingCount: number;
  readonly inspection: Inspection | undefined;
}

export interface Inspection {
  /** Of single operations, in microseconds, the clock's own time included. */
  readonly p50Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** What the book and its garbage have added to the heap, and to typed arrays. */
  readonly heapMiB: number;
  readonly arrayMiB: number;
  readonly gcCount: number;
  readonly gcMs: number;
  readonly longestGcMs: number;
  readonly tradedQuantity: number;
  readonly tradeCount: number;
  readonly checksum: string;
}

interface GcTimes {
  count: number;
  totalMs: number;
  longestMs: number;
}

/** Runs what `work` does and returns how long the garbage collector stopped it. */
async function withGcTimes(work: () => void): Promise<GcTimes> {
  const times: GcTimes = { count: 0, totalMs: 0, longestMs: 0 };
  const start = performance.now();
  const observer = new PerformanceObserver((list) => {
    // Collections from before are reported late.
    for (const entry of list.getEntries()) if (entry.startTime >= start) addGc(times, entry);
  });
  observer.observe({ entryTypes: ['gc'] });
  work();
  await nextTurn();
  await nextTurn();
  observer.disconnect();
  return times;
}

function addGc(times: GcTimes, entry: PerformanceEntry & { readonly detail?: unknown }): void {
  const detail = entry.detail as { readonly kind?: number } | undefined;
  // Incremental marking and weak callbacks run between the program's steps.
  if (detail?.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) return;
  times.count += 1;
  times.totalMs += entry.duration;
  times.longestMs = Math.max(times.longestMs, entry.duration);
}

/** A book in the state in which measuring starts. */
function preloaded(kind: ContenderKind, stream: Stream): Contender {
  const contender = kind.create(stream);
  for (let operation = 0; operation < stream.preloadCount; operation += 1) contender.run(operation);
  return contender;
}

interface Rates {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

function ratesOf(kind: ContenderKind, stream: Stream): Rates {
  const contender = preloaded(kind, stream);
  const cpuStart = process.threadCpuUsage();
  const start = performance.now();
  for (let operation = stream.preloadCount; operation < stream.operationCount; operation += 1) {
    contender.run(operation);
  }
  const elapsedMs = performance.now() - start;
  const { user, system } = process.threadCpuUsage(cpuStart);
  const count = stream.operationCount - stream.preloadCount;
  return { perSecond: (count / elapsedMs) * 1e3, perCpuSecond: (count / (user + system)) * 1e6 };
}

function timeEach(contender: Contender, stream: Stream): Samples {
  const samples = new Samples();
  for (let operation = stream.preloadCount; operation < stream.operationCount; operation += 1) {
    const start = performance.now();
    contender.run(operation);
    samples.add(performance.now() - start);
  }
  return samples;
}

/** Everything but the rate, from a turn of its own: the clock is read around each operation. */
async function inspect(kind: ContenderKind, stream: Stream, collect: () => void): Promise<Inspection> {
  collect();
  const before = process.memoryUsage();
  // In a run without the clock, whose readings are garbage too.
  const gc = await withGcTimes(() => {
    ratesOf(kind, stream);
  });
  const contender = preloaded(kind, stream);
  let samples = timeEach(contender, stream);
  const { p50, p999, max } = samples.percentiles();
  samples = new Samples();
  const after = process.memoryUsage();
  return {
    p50Us: p50 * 1000,
    p999Us: p999 * 1000,
    maxUs: max * 1000,
    heapMiB: (after.heapUsed - before.heapUsed) / 2 ** 20,
    arrayMiB: (after.arrayBuffers - before.arrayBuffers) / 2 ** 20,
    gcCount: gc.count,
    gcMs: gc.totalMs,
    longestGcMs: gc.longestMs,
    tradedQuantity: contender.tradedQuantity,
    tradeCount: contender.checksum.tradeCount,
    checksum: contender.checksum.digest(),
  };
}

async function takeTurn(request: TurnRequest): Promise<TurnResult> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { contender, streamIndex, operations, seed, runs } = request;
  const kind = typeof contender === 'string' ? await peerContender(contender) : OWN_CONTENDERS[contender];
  const profile = streamProfiles(operations)[streamIndex];
  if (kind === undefined || profile === undefined) throw new Error('no such book or stream');
  const stream = makeStream(profile, seed);
  const rates: Rates[] = [];
  for (let run = 0; run <= runs; run += 1) {
    // No collection in between: it would take with the last run's book the compiled code that knew it.
    const measured = ratesOf(kind, stream);
    if (run > 0) rates.push(measured);
  }
  return {
    name: kind.name,
    does: kind.does,
    ratesPerSecond: rates.map(({ perSecond }) => perSecond),
    cpuRatesPerSecond: rates.map(({ perCpuSecond }) => perCpuSecond),
    measuredCount: stream.operationCount - stream.preloadCount,
    restingCount: stream.restingCount,
    inspection: request.inspects ? await inspect(kind, stream, collect) : undefined,
  };
}

const [, , request] = process.argv;
if (import.meta.main && request !== undefined) {
  console.log(JSON.stringify(await takeTurn(JSON.parse(request) as TurnRequest)));
}
