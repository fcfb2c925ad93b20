/**
 * Trading days in the venue's own time zone. A trading day is named by the date on which it begins and runs
 * from one roll to the next, 23 or 25 hours where clocks change; the zone's rules come from Intl.
 */
import type { TradingCalendar } from '../actors/ports.ts';
import { assert } from './assert.ts';

export interface TradingCalendarOptions {
  /** IANA name, for example `Europe/Zurich`. */
  readonly timeZone: string;
  /** `HH:MM` of that zone, `00:00` to `23:59`. */
  readonly rollTime: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ROLL_TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** True when Intl knows the zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** Minutes after midnight of `HH:MM`, or undefined when it is no such time. */
export function parseRollTime(text: string): number | undefined {
  const match = ROLL_TIME.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
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
  const rollMinutes = parseRollTime(options.rollTime);
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
  };
}

/** Reads the zone's wall clock at an instant, as if it were UTC milliseconds. */
function wallClock(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const part of format.formatToParts(at)) parts[part.type] = Number(part.value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000);
  };
}

/** The first instant at which the zone's wall clock shows `wall` or later, having shown less before. */
function firstInstantAtWall(wallTimeAt: (at: number) => number, wall: number): number {
  // No zone is further than 14 hours from UTC, so the instant lies between these.
  let before = wall - DAY_MS;
  let reached = wall + DAY_MS;
  // The wall clock is not monotonic when it is set back: look for the first quarter-hour that has reached it
  // (no zone changes its clocks between quarter-hours), then halve.
  for (let probe = before; probe <= reached; probe += 15 * MINUTE_MS) {
    if (wallTimeAt(probe) >= wall) {
      reached = probe;
      break;
    }
    before = probe;
  }
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (wallTimeAt(middle) >= wall) reached = middle;
    else before = middle;
  }
  return reached;
}

function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
