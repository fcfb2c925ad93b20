/**
 * Wall time of a zone and the instants at which it is reached; the zone's rules come from Intl. Shared by everything
 * that happens at a time of day: trading days and session schedules.
 */

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

/** Reads a zone's wall clock at an instant, as if it were UTC milliseconds. */
export type WallClock = (at: number) => number;

const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;
/** Intl knows some 600 names; case variants must not make the cache grow for ever. */
const MAX_CACHED_ZONES = 1_000;
const wallClocks = new Map<string, WallClock>();

/** True when Intl knows the zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** Minutes after midnight of `HH:MM`, `00:00` to `23:59`, or undefined when it is no such time. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = TIME_OF_DAY.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}

/** The zone's wall clock. One per zone is kept, since a format costs some 30 kB. The zone must be known to Intl. */
export function wallClock(timeZone: string): WallClock {
  let clock = wallClocks.get(timeZone);
  if (clock === undefined) {
    clock = createWallClock(timeZone);
    if (wallClocks.size >= MAX_CACHED_ZONES) wallClocks.clear();
    wallClocks.set(timeZone, clock);
  }
  return clock;
}

/**
 * The first instant at which the wall clock shows `wall` or later, having shown less before: a time that a clock
 * change skips is reached at the change; one that happens twice counts the first time.
 */
export function firstInstantAtWall(wallTimeAt: WallClock, wall: number): number {
  // No zone is further than 14 hours from UTC, so the instant lies between these.
  let before = wall - DAY_MS;
  let reached = wall + DAY_MS;
  const offset = wallTimeAt(before) - before;
  // Zones that change their clocks and change them back within two days are not known.
  if (wallTimeAt(reached) - reached === offset) return wall - offset;
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

function createWallClock(timeZone: string): WallClock {
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
