/**
 * Trading days in the venue's own time zone. A trading day is named by the date on which it begins and runs
 * from one roll to the next, 23 or 25 hours where clocks change; the zone's rules come from Intl.
 */
import type { TradingCalendar } from '../actors/ports.ts';
import { assert } from './assert.ts';
import { DAY_MS, firstInstantAtWall, MINUTE_MS, parseTimeOfDay, wallClock } from './wall-clock.ts';

export interface TradingCalendarOptions {
  /** IANA name, for example `Europe/Zurich`. */
  readonly timeZone: string;
  /** `HH:MM` of that zone, `00:00` to `23:59`. */
  readonly rollTime: string;
}

/** The span of one trading day. */
interface Span {
  readonly tradingDay: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Makes the calendar. A roll time that a clock change skips happens at the change; one that happens twice
 * counts the first time. Both options must be valid (an assert): the configuration checks them.
 */
export function createTradingCalendar(options: TradingCalendarOptions): TradingCalendar {
  const rollMinutes = parseTimeOfDay(options.rollTime);
  assert(rollMinutes !== undefined, `not a roll time: ${options.rollTime}`);
  const rollMs = rollMinutes * MINUTE_MS;
  const wallTimeAt = wallClock(options.timeZone);

  /** The instant of the roll that begins the trading day `day` (days since the epoch). */
  const rollOf = (day: number): number => firstInstantAtWall(wallTimeAt, day * DAY_MS + rollMs);

  const spanAt = (at: number): Span => {
    let day = Math.floor((wallTimeAt(at) - rollMs) / DAY_MS);
    // Where clocks change, the wall time alone can name the day before or after.
    while (rollOf(day) > at) day -= 1;
    while (rollOf(day + 1) <= at) day += 1;
    return { tradingDay: dateText(day), from: rollOf(day), to: rollOf(day + 1) };
  };

  // Every command asks for its trading day, and almost always for the same one.
  let known: Span | undefined;
  const lookUp = (at: number): Span => {
    if (known === undefined || at < known.from || at >= known.to) known = spanAt(at);
    return known;
  };

  return {
    tradingDayAt: (at) => lookUp(at).tradingDay,
    nextRollAfter: (at) => lookUp(at).to,
    endOf: (tradingDay) => rollOf(dayOf(tradingDay) + 1),
  };
}

/** Days since the epoch of a `YYYY-MM-DD` that exists (an assert). */
function dayOf(tradingDay: string): number {
  const day = Date.parse(`${tradingDay}T00:00:00Z`) / DAY_MS;
  assert(Number.isSafeInteger(day) && dateText(day) === tradingDay, `not a trading day: ${tradingDay}`);
  return day;
}

function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
