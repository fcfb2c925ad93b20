/**
 * The process in which the demo's members trade: it knows the venue only by its address. Takes one TradeOrder from
 * the process that started it, tells it what happens, and ends.
 */
import { systemClock } from '../platform/clock.ts';
import type { MemberEvent, TradeOrder } from './protocol.ts';
import { trade } from './trading.ts';

process.removeAllListeners('warning');
// Ctrl-C reaches the whole process group; the demo decides when its members stop.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(1));

process.once('message', (order: TradeOrder) => {
  let flushed: Promise<unknown> = Promise.resolve();
  const tell = (event: MemberEvent): void => {
    const sent = new Promise((resolve) => process.send?.(event, undefined, undefined, resolve));
    flushed = flushed.then(() => sent);
  };
  trade(order, systemClock, tell)
    .then(() => flushed)
    .then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
});
