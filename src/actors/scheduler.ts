/**
 * Time as messages: the tick of sessions, and for books the second and the roll of the trading day. It has no state
 * that a crash could lose: after a restart, recovery expires what should have ended meanwhile.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { TradingCalendar } from './ports.ts';
import type { Tell } from './protocol.ts';

export interface SchedulerOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly calendar: TradingCalendar;
  readonly gateways: readonly string[];
}

/** A heartbeat may be late by so much: engines forgive about a fifth of HeartBtInt (108), the shortest is 1 s. */
const TICK_INTERVAL_MS = 200;

/** A good-till-date order ends at most so late, if nothing else happens in its book. */
const EXPIRY_INTERVAL_MS = 1_000;

/** Starts ticking; the result stops it. */
export function startScheduler({ tell, clock, calendar, gateways }: SchedulerOptions): CancelTimer {
  let tradingDay = calendar.tradingDayAt(clock.now());
  const stopExpiry = clock.every(EXPIRY_INTERVAL_MS, () => {
    tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: clock.now() });
  });
  const stopTicks = clock.every(TICK_INTERVAL_MS, () => {
    for (const name of gateways) tell({ type: 'gateway', name }, { type: 'Tick' });
    const today = calendar.tradingDayAt(clock.now());
    // A clock that is set back must not end orders twice, nor bring a day back.
    if (today <= tradingDay) return;
    tradingDay = today;
    tell({ type: 'exchange' }, { type: 'RollTradingDay', tradingDay });
  });
  return () => {
    stopExpiry();
    stopTicks();
  };
}
