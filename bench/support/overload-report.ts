/** What the overload benchmark found, and that as text for people. */
import type { Percentiles } from './client-plan.ts';
import type { KindFigures, PhaseFigures } from './overload-plan.ts';
import type { Look } from './overload-watch.ts';

export interface OverloadFindings {
  readonly sessionCount: number;
  readonly factor: number;
  /** The closed loop that says what is sustainable. */
  readonly sustained: PhaseFigures;
  readonly sustainedPerSecond: number;
  readonly overloaded: PhaseFigures;
  /** What was answered when the load had ended. */
  readonly late: PhaseFigures;
  /** Requests that nothing answered: a defect. */
  readonly unanswered: number;
  readonly bystander: {
    readonly atRest: PhaseFigures;
    readonly inOverload: PhaseFigures;
    readonly after: PhaseFigures;
  };
  /** From the end of the load to its last answer. */
  readonly answeredAfterMs: number;
  /** When the load ended, ms since the epoch. */
  readonly endedAt: number;
  readonly looks: {
    readonly atRest: readonly Look[];
    readonly inOverload: readonly Look[];
    readonly after: readonly Look[];
  };
}

/** Latency is normal when the bystander's is below so many times its p99 at rest, or this at least. */
const NORMAL_FACTOR = 2;
const NORMAL_AT_LEAST_MS = 20;
const SLICE_MS = 500;

/** The findings of one run. */
export function overloadText(findings: OverloadFindings): string {
  const { sessionCount, factor, sustained, overloaded, late, bystander, looks } = findings;
  const seconds = overloaded.tookMs / 1000;
  const perSecond = (count: number): string => `${round(count / seconds)}/s`;
  const { orders, cancels } = overloaded;
  const written = orders.sent + cancels.sent;
  const due = written + overloaded.heldBack;
  const lines: readonly (readonly [string, string])[] = [
    [
      'sustained',
      `${round(findings.sustainedPerSecond)} requests/s in closed loop; orders ${latencyText(sustained.orders)}`,
    ],
    [
      'offered',
      `${perSecond(due)} for ${round(seconds)} s; the sockets took ${perSecond(written)}, ` +
        `${percent(overloaded.heldBack, due)} found them full, or their sender with too much unanswered`,
    ],
    ['orders', kindText(orders, seconds)],
    ['cancels', kindText(cancels, seconds)],
    ['why', refusalText(looks.inOverload, seconds)],
    ['late', `${round(late.orders.accepted + late.cancels.accepted)} accepted after the end of the load`],
    ['bystander', ''],
    [' at rest', bystanderText(bystander.atRest)],
    [' overload', bystanderText(bystander.inOverload)],
    [' after', bystanderText(bystander.after)],
    [
      'recovery',
      `all answered ${round(findings.answeredAfterMs)} ms after the end of the load, ${findings.unanswered} not at all; ` +
        `latency normal after ${recoveryText(findings)}`,
    ],
    ['memory', memoryText(findings)],
    ['event loop', loopText(looks.atRest, 'at rest')],
    ['', loopText(looks.inOverload, 'in overload')],
    ['queues', queueText(looks.inOverload)],
  ];
  const title = `${sessionCount} sessions offer ${factor} times what the venue sustains`;
  return [title, ...lines.map(([name, text]) => `  ${name.padEnd(11)}${text}`)].join('\n');
}

function kindText(kind: KindFigures, seconds: number): string {
  const perSecond = (count: number): string => `${round(count / seconds)}/s`;
  const refused = kind.rejected + kind.businessRejected;
  return (
    `${perSecond(kind.accepted)} accepted, ${perSecond(refused)} refused ` +
    `(${round(kind.rejected)} by 8 or 9, ${round(kind.businessRejected)} by j); ${latencyText(kind)}`
  );
}

function latencyText({ latency }: { readonly latency: Percentiles }): string {
  return `p50 ${fixed(latency.p50)}  p99 ${fixed(latency.p99)}  max ${fixed(latency.max)} ms`;
}

function bystanderText({ orders, cancels }: PhaseFigures): string {
  const one = (kind: KindFigures): string =>
    `${round(kind.accepted)} of ${round(kind.sent)}, ${latencyText(kind)}`;
  return `orders ${one(orders)}; cancels ${one(cancels)}`;
}

function refusalText(looks: readonly Look[], seconds: number): string {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined) return 'the venue told nothing meanwhile';
  const rate = (name: 'refusedOverloaded' | 'refusedUnavailable' | 'throttled'): string =>
    `${round((last[name] - first[name]) / seconds)}/s`;
  return (
    `refused as told by the venue: ${rate('refusedOverloaded')} overloaded, ` +
    `${rate('refusedUnavailable')} no store, ${rate('throttled')} above a member's rate`
  );
}

function memoryText({ looks, overloaded, late }: OverloadFindings): string {
  const rss = (list: readonly Look[]): readonly number[] => list.map(({ rssMiB }) => rssMiB);
  const during = rss(looks.inOverload);
  const halfway = during[Math.floor(during.length / 2)] ?? 0;
  const accepted = overloaded.orders.accepted + late.orders.accepted;
  const grownKib = ((during.at(-1) ?? 0) - (during[0] ?? 0)) * 1024;
  return (
    `${round(rss(looks.atRest).at(-1) ?? 0)} MiB resident before, ${round(halfway)} halfway, ` +
    `${round(Math.max(0, ...during))} at most, ${round(rss(looks.after).at(-1) ?? 0)} at the end; heap in use ` +
    `${round(Math.max(0, ...looks.inOverload.map(({ heapMiB }) => heapMiB)))} at most; ` +
    `${fixed(grownKib / Math.max(1, accepted))} KiB grown per accepted order`
  );
}

function loopText(looks: readonly Look[], when: string): string {
  const p99 = looks.map(({ loopP99Ms }) => loopP99Ms).sort((left, right) => left - right);
  return (
    `${when}: p99 of a second ${fixed(p99[Math.floor(p99.length / 2)] ?? 0)} ms in the middle, ` +
    `longest ${fixed(Math.max(0, ...looks.map(({ loopMaxMs }) => loopMaxMs)))} ms`
  );
}

function queueText(looks: readonly Look[]): string {
  const most = (name: 'commandsInFlight' | 'persistenceBuffer' | 'sessionsPaused'): string =>
    round(Math.max(0, ...looks.map((look) => look[name])));
  return (
    `${most('commandsInFlight')} commands in flight at most, ${most('persistenceBuffer')} entries in the journal, ` +
    `${most('sessionsPaused')} sessions not read`
  );
}

/** From the end of the load until the bystander's latency, in the middle of each half second, stays normal. */
function recoveryText({ bystander, endedAt, answeredAfterMs }: OverloadFindings): string {
  const { orders, cancels } = bystander.atRest;
  const normalMs = Math.max(
    NORMAL_AT_LEAST_MS,
    NORMAL_FACTOR * Math.max(orders.latency.p99, cancels.latency.p99),
  );
  const slices = new Map<number, number[]>();
  for (const [sentAt, latencyMs] of bystander.after.series) {
    const slice = Math.floor((sentAt - endedAt) / SLICE_MS);
    slices.set(slice, [...(slices.get(slice) ?? []), latencyMs]);
  }
  const middleOf = (latencies: readonly number[]): number =>
    latencies.toSorted((left, right) => left - right)[Math.floor(latencies.length / 2)] ?? 0;
  const slow = [...slices].filter(([, latencies]) => middleOf(latencies) > normalMs).map(([slice]) => slice);
  const afterMs = (Math.max(-1, ...slow) + 1) * SLICE_MS;
  return (
    `${round(afterMs)} ms (below ${round(normalMs)} ms), ` +
    `that is ${round(Math.max(0, afterMs - answeredAfterMs))} ms after the last answer`
  );
}

function percent(part: number, whole: number): string {
  return `${fixed((part * 100) / Math.max(1, whole))} %`;
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function fixed(value: number): string {
  return value.toFixed(1);
}
