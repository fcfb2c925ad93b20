/** What the cluster bench found, as text for people. */
import type { AccountMemory } from './account-memory.ts';
import type { Percentiles } from './client-plan.ts';
import type { MoveFigures, TakeoverFigures } from './cluster-events.ts';
import { GROUPS, type LoadRun, type ShapeResult } from './cluster-load.ts';
import type { LinkFigures } from './link-figures.ts';
import type { MembershipFigures } from './membership-figures.ts';

/** One shape, beside the first one of the same run. */
export function shapeText(result: ShapeResult, first: ShapeResult): string {
  const { shape, runs, profiles, endFaults } = result;
  const { gateways, engines } = shape;
  const title =
    gateways.length === 0
      ? 'one process'
      : `${gateways.length} gateways and ${engines.length} ${engines.length === 1 ? 'engine' : 'engines'}`;
  const lines = [
    `${shape.name}: ${title}`,
    ...runs.flatMap((run, index) => runText(run, first.runs[index] ?? run)),
  ];
  for (const [node, { subsystems }] of profiles) {
    const shares = subsystems
      .filter(({ share }) => share >= 0.01)
      .map(({ name, share }) => `${name} ${(share * 100).toFixed(1)} %`);
    lines.push(`  profile of ${node}, few members: ${shares.join(', ')}`);
  }
  for (const fault of endFaults) lines.push(`  but ${fault}`);
  return lines.join('\n');
}

function runText(run: LoadRun, first: LoadRun): string[] {
  const { name, sessions, load, spent, client } = run;
  const orders = client.measuredAckCount;
  const commits = Object.values(spent.commits).reduce((sum, count) => sum + count, 0);
  const rowSum = Object.values(spent.rowsPerOrder).reduce((sum, rows) => sum + rows, 0);
  const perSecond = (count: number): number => (count * 1000) / spent.tookMs;
  const what =
    load.type === 'Closed' ? `window ${load.window} per session` : `${load.ordersPerSecond} orders/s offered`;
  const cpu = Object.entries(spent.cpuMs).map(
    ([group, ms]) => `${group} ${((ms * 1000) / orders).toFixed(1)} (${(ms / 1000).toFixed(1)} s)`,
  );
  const usedMs = (one: LoadRun): number =>
    Object.entries(one.spent.cpuMs).reduce((sum, [group, ms]) => sum + (group === GROUPS.client ? 0 : ms), 0);
  const usPerOrder = (one: LoadRun): number => (usedMs(one) * 1000) / one.client.measuredAckCount;
  const byWriter = Object.entries(spent.commits)
    .filter(([, count]) => count > 0)
    .map(([writer, count]) => `${writer} ${round(perSecond(count))}`);
  const rows = Object.entries(spent.rowsPerOrder)
    .filter(([, count]) => count >= 0.01)
    .sort(([, left], [, right]) => right - left)
    .map(([table, count]) => `${table} ${count.toFixed(2)}`);
  return [
    `  ${name}: ${sessions} sessions, ${what}`,
    `    durable  ${round(run.ordersPerSecond)} orders/s acknowledged, ` +
      `${(run.ordersPerSecond / first.ordersPerSecond).toFixed(2)} × the first shape`,
    `    latency  ${percentileText(client.latency)}, p50 ${(client.latency.p50 / first.client.latency.p50).toFixed(2)} × the first`,
    `    CPU      µs per order without the client ${usPerOrder(run).toFixed(1)}, ` +
      `${(usPerOrder(run) / usPerOrder(first)).toFixed(2)} × the first: ${cpu.join(', ')}; ` +
      `${spent.coresBusyElsewhere.toFixed(2)} cores busy with anything else`,
    `    commits  ${round(perSecond(commits))}/s (${byWriter.join(', ')}), ${(orders / commits).toFixed(1)} orders each, ` +
      `${((rowSum * orders) / commits).toFixed(1)} rows each; ${round(perSecond(spent.walSyncs))} syncs of the log/s`,
    `    rows     ${rowSum.toFixed(2)} per order: ${rows.join(', ')}`,
    `    log      ${round(spent.walBytes / orders)} bytes of write-ahead log per order`,
  ];
}

export function linksText(figures: LinkFigures): string {
  const { wire, request, roundTrip, usPerSmallBatch, publishedPerSecond, natsUsPerPublished, rates } =
    figures;
  return [
    'links over one NATS server',
    `  request and answer   ${percentileText(request)}`,
    `  through links, back  ${percentileText(roundTrip)}; CPU of a batch of one ${usPerSmallBatch.toFixed(0)} µs, both ends together`,
    `  published one way    ${round(publishedPerSecond)}/s of 128 bytes, ${natsUsPerPublished.toFixed(1)} µs of the server each`,
    ...wire.map(
      ({ name, bytes, encodeUs, decodeUs }) =>
        `  ${name}: ${bytes} bytes, ${encodeUs.toFixed(1)} µs to encode, ${decodeUs.toFixed(1)} µs to decode`,
    ),
    ...rates.map(
      ({ name, partsPerSecond, messagesPerSecond, batchesPerSecond, bytesPerSecond, endsUs, natsUs }) =>
        `  one link, ${name}: ${round(partsPerSecond)}/s in ${round(messagesPerSecond)} messages and ` +
        `${round(batchesPerSecond)} batches/s, ${(bytesPerSecond / 1e6).toFixed(0)} MB/s; CPU of each ` +
        `${endsUs.toFixed(1)} µs at both ends, ${natsUs.toFixed(1)} µs in NATS`,
    ),
  ].join('\n');
}

export function membershipText({ size, statements }: MembershipFigures): string {
  const { symbols, gateways, engines } = size;
  return [
    `membership of ${gateways} gateways, ${engines} engines, ${round(symbols)} symbols`,
    ...statements.map(({ name, took, serverCpuMs, nodeCpuMs, bytes }) => {
      const answer =
        nodeCpuMs === undefined
          ? ''
          : `, ${nodeCpuMs.toFixed(1)} ms in the node, answer of ${round((bytes ?? 0) / 1024)} KiB`;
      return `  ${name}: ${percentileText(took)}; CPU ${serverCpuMs.toFixed(2)} ms in Postgres${answer}`;
    }),
  ].join('\n');
}

export function accountsText({ accounts, kibPerAccount }: AccountMemory): string {
  return `accounts: ${kibPerAccount.toFixed(1)} KiB of heap for each that is loaded (${round(accounts)} of them)`;
}

export function moveText({ openOrders, ownedMs, pauseMs, restMs }: MoveFigures): string {
  return (
    `move of a symbol with ${round(openOrders)} open orders: the longest wait of an order ${pauseMs.toFixed(0)} ms ` +
    `(p50 before ${restMs.toFixed(1)}), owned by the other after ${ownedMs.toFixed(0)} ms`
  );
}

export function takeoverText({
  openOrders,
  symbols,
  ownedMs,
  firstAckMs,
  lastAckMs,
}: TakeoverFigures): string {
  return (
    `takeover after kill -9, ${round(openOrders)} open orders in ${symbols} symbols: owned after ${ownedMs.toFixed(0)} ms, ` +
    `first order acknowledged after ${firstAckMs.toFixed(0)} ms, one in each symbol after ${lastAckMs.toFixed(0)} ms`
  );
}

function percentileText({ p50, p99, max, count }: Percentiles): string {
  if (count === 1) return `${p50.toFixed(1)} ms`;
  return `p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)}  max ${max.toFixed(2)} ms`;
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
