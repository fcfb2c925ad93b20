/**
 * What links cost over a real NATS server: a round trip, messages and commands a second through one of them, and the
 * CPU for encoding and decoding. Two ends on two threads, so that each has an event loop of its own, as nodes have.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createLinks, type Links } from '../../src/cluster/links.ts';
import { createNatsCarrier } from '../../src/cluster/nats-carrier.ts';
import { createWire, type WireMessage } from '../../src/cluster/wire.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { until } from '../../test/support/until.ts';
import type { Percentiles } from './client-plan.ts';
import { cpuMsOfTree } from './cpu.ts';
import { bookRequests, reportsCommitted, submitCommands } from './link-messages.ts';
import { FAR, type FarEndCounts, type FarEndPlan, NEAR, PING, RAW_SUBJECT } from './link-plan.ts';
import { Samples } from './percentiles.ts';

/** One kind of message. */
export interface WireCost {
  readonly name: string;
  readonly bytes: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
}

/** How much goes through one link in one direction. */
export interface LinkRate {
  readonly name: string;
  readonly messagesPerSecond: number;
  /** Orders or reports within them. */
  readonly partsPerSecond: number;
  readonly batchesPerSecond: number;
  readonly bytesPerSecond: number;
  /** CPU per order or report: of both ends together, and of the NATS server. */
  readonly endsUs: number;
  readonly natsUs: number;
}

export interface LinkFigures {
  readonly wire: readonly WireCost[];
  /** A request of the carrier and its answer, and a message through a link and one back; ms. */
  readonly request: Percentiles;
  readonly roundTrip: Percentiles;
  /** CPU of both ends together for a batch with one small message, its answer included. */
  readonly usPerSmallBatch: number;
  /** Small messages published one way, and what each costs the server. */
  readonly publishedPerSecond: number;
  readonly natsUsPerPublished: number;
  readonly rates: readonly LinkRate[];
}

const ROUND_TRIPS = 1_000;
const PUBLISHED = 200_000;
const PUBLISH_PORTION = 500;
const CODEC_MS = 300;
/** Orders or reports that one rate sends. */
const PARTS = 150_000;
const MAX_WAITING_MESSAGES = 5_000;
const POLL_MS = 2;
const REQUEST_TIMEOUT_MS = 2_000;

const KINDS: readonly {
  readonly name: string;
  readonly count: number;
  readonly make: (no: number, count: number) => WireMessage;
}[] = [
  { name: 'orders, one in a message', count: 1, make: submitCommands },
  { name: 'orders, 20 in a message', count: 20, make: submitCommands },
  { name: 'orders for a book, 20 in a message', count: 20, make: bookRequests },
  { name: 'reports, 20 in a message', count: 20, make: reportsCommitted },
];

/** Takes some 15 s. `natsPid` is the server's process. */
export async function measureLinks(natsUrl: string, natsPid: number): Promise<LinkFigures> {
  const far = new Worker(new URL('./link-far-end.ts', import.meta.url), {
    workerData: { natsUrl } satisfies FarEndPlan,
  });
  const carrier = createNatsCarrier({
    servers: [natsUrl],
    clientName: 'bench near end',
    clock: systemClock,
    log: silentLog,
  });
  let onPong = (): void => {};
  const links = createLinks({
    self: NEAR,
    carrier,
    clock: systemClock,
    log: silentLog,
    events: { onMessage: () => onPong(), onUp: () => undefined, onDown: () => undefined },
  });
  const counts = async (): Promise<FarEndCounts> => {
    far.postMessage('counts');
    return ((await once(far, 'message')) as [FarEndCounts])[0];
  };
  try {
    links.expect([NEAR, FAR]);
    await until('the link', () => links.status()[0]?.phase === 'Up', 10_000);

    const request = new Samples();
    for (let done = 0; done < ROUND_TRIPS; done += 1) {
      const begunMs = performance.now();
      await carrier.request(RAW_SUBJECT, Buffer.from('x'), REQUEST_TIMEOUT_MS);
      request.add(performance.now() - begunMs);
    }
    const roundTrip = new Samples();
    const cpuBefore = process.cpuUsage();
    for (let done = 0; done < ROUND_TRIPS; done += 1) {
      const begunMs = performance.now();
      await new Promise<void>((resolve) => {
        onPong = resolve;
        links.tell(FAR, { type: 'exchange' }, { type: 'BookHalted', symbol: 'X', reason: PING });
      });
      roundTrip.add(performance.now() - begunMs);
    }
    onPong = () => {};
    const { user, system } = process.cpuUsage(cpuBefore);

    const publishing = {
      begunMs: performance.now(),
      natsMs: cpuMsOfTree(natsPid),
      before: (await counts()).published,
    };
    for (let sent = 0; sent < PUBLISHED; sent += PUBLISH_PORTION) {
      for (let one = 0; one < PUBLISH_PORTION; one += 1) carrier.publish(RAW_SUBJECT, SMALL);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while ((await counts()).published - publishing.before < PUBLISHED) await delay(systemClock, POLL_MS);
    const publishedMs = performance.now() - publishing.begunMs;
    const natsMs = cpuMsOfTree(natsPid) - publishing.natsMs;

    const rates: LinkRate[] = [];
    for (const kind of KINDS) rates.push(await measureRate(kind, links, counts, natsPid));
    return {
      wire: wireCosts(),
      request: request.percentiles(),
      roundTrip: roundTrip.percentiles(),
      usPerSmallBatch: (user + system) / (2 * ROUND_TRIPS),
      publishedPerSecond: (PUBLISHED * 1000) / publishedMs,
      natsUsPerPublished: (natsMs * 1000) / PUBLISHED,
      rates,
    };
  } finally {
    await links.close();
    await carrier.close();
    await far.terminate();
  }
}

/** As long as a short order. */
const SMALL = Buffer.alloc(128, 'x');

async function measureRate(
  { name, count, make }: (typeof KINDS)[number],
  links: Links,
  counts: () => Promise<FarEndCounts>,
  natsPid: number,
): Promise<LinkRate> {
  const status = () => links.status()[0];
  const partsBefore = (await counts()).parts;
  const batchesBefore = status()?.sentBatches ?? 0;
  const [natsBefore, cpuBefore, begunMs] = [cpuMsOfTree(natsPid), process.cpuUsage(), performance.now()];
  const messageCount = Math.ceil(PARTS / count);
  for (let sent = 0; sent < messageCount; ) {
    const { to, message } = make(sent * count + 1, count);
    const outcome = links.tell(FAR, to, message);
    if (outcome !== 'Queued') throw new Error(`not told (${outcome}): ${status()?.lastFault ?? 'no fault'}`);
    sent += 1;
    if (sent % 64 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      while ((status()?.queuedMessages ?? 0) > MAX_WAITING_MESSAGES) await delay(systemClock, POLL_MS);
    }
  }
  const parts = messageCount * count;
  while ((await counts()).parts - partsBefore < parts) await delay(systemClock, POLL_MS);
  const tookMs = performance.now() - begunMs;
  const cpu = process.cpuUsage(cpuBefore);
  const { to, message } = make(1, count);
  const bytes = createWire().encode({ to, message }, 1)?.length ?? 0;
  const perSecond = (amount: number): number => (amount * 1000) / tookMs;
  return {
    name,
    messagesPerSecond: perSecond(messageCount),
    partsPerSecond: perSecond(parts),
    batchesPerSecond: perSecond((status()?.sentBatches ?? 0) - batchesBefore),
    bytesPerSecond: perSecond(bytes * messageCount),
    endsUs: (cpu.user + cpu.system) / parts,
    natsUs: ((cpuMsOfTree(natsPid) - natsBefore) * 1000) / parts,
  };
}

function wireCosts(): WireCost[] {
  const wire = createWire();
  return [
    { name: 'an order to its account', sent: submitCommands(1, 1) },
    { name: 'an order to its book', sent: bookRequests(1, 1) },
    { name: 'an acknowledgement', sent: reportsCommitted(1, 1) },
  ].map(({ name, sent }) => {
    const line = wire.encode(sent, 1);
    if (line === undefined) throw new Error('today’s version speaks every message');
    const body = line.subarray(0, line.length - 1);
    return {
      name,
      bytes: line.length,
      encodeUs: usOf(() => wire.encode(sent, 1)),
      decodeUs: usOf(() => wire.decode(body)),
    };
  });
}

/** Mean time of one call, when the compiler has seen it. */
function usOf(work: () => unknown): number {
  let us = 0;
  for (let turn = 0; turn < 2; turn += 1) {
    const begunMs = performance.now();
    let count = 0;
    for (; performance.now() - begunMs < CODEC_MS; count += 100)
      for (let one = 0; one < 100; one += 1) work();
    us = ((performance.now() - begunMs) * 1000) / count;
  }
  return us;
}
