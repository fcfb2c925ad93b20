/**
 * When a member may be logged on, and when its numbers go back to 1: a SessionSchedule as text and as instants.
 * Pure; apart from the session machine, which only asks what holds now.
 */
import { assert } from '../platform/assert.ts';
import {
  DAY_MS,
  firstInstantAtWall,
  isTimeZone,
  MINUTE_MS,
  parseTimeOfDay,
  type WallClock,
  wallClock,
} from '../platform/wall-clock.ts';
import type { SessionSchedule, Weekday } from './member-settings.ts';

/** What a schedule says about an instant. All times are ms since the epoch. */
export interface ScheduleState {
  readonly isOpen: boolean;
  /** When open, the closing to come (Infinity around the clock); when closed, the last one. */
  readonly closesAt: number;
  /** When closed, the next opening; when open, the last one (-Infinity around the clock). */
  readonly opensAt: number;
  /** The last reset at or before the instant. */
  readonly resetAt: number;
  /** The first reset after it. */
  readonly nextResetAt: number;
}

/** A schedule, ready to be asked for every input of a session. */
export interface CompiledSchedule {
  /** `now`: ms since the epoch. Costs two comparisons while nothing of the schedule happens. */
  at(now: number): ScheduleState;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
/** 1970-01-01 was a Thursday. */
const WEEKDAY_OF_DAY_0 = 4;
const WEEK_MS = 7 * DAY_MS;
const TEXT = /^(?:(\S+) )?(\d\d:\d\d) ?- ?(?:([A-Za-z]\S*) )?(\d\d:\d\d) (\S+)(?: reset (?:(\S+) )?(\S+))?$/;
/** Members share few schedules; past the bound all are compiled anew. */
const MAX_COMPILED = 256;
const compiled = new Map<string, CompiledSchedule>();

const EXPECTED =
  'a session schedule is "08:00 - 17:30 Europe/Zurich" or "Mon 08:00 - Fri 17:30 Europe/Zurich", ' +
  'and may end in "reset 18:00" or "reset Sun 18:00"';

/**
 * The schedule of a text such as `08:00 - 17:30 Europe/Zurich`, `Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00`
 * or `00:00 - 00:00 UTC reset 17:00`, or the sentence that says what would be right. Without `reset` the numbers go
 * back to 1 at the start. A reset without a day is daily.
 */
export function parseSchedule(text: unknown): SessionSchedule | string {
  const match = typeof text === 'string' ? TEXT.exec(text.trim().replace(/\s+/g, ' ')) : null;
  if (match === null) return EXPECTED;
  const [, startDayText, startTime = '', endDayText, endTime = '', timeZone = '', resetDayText, reset] =
    match;
  const resetTime = reset ?? startTime;
  for (const time of [startTime, endTime, resetTime]) {
    if (parseTimeOfDay(time) === undefined) return `"${time}" is no time from 00:00 to 23:59`;
  }
  const days = [startDayText, endDayText, resetDayText].map(parseWeekday);
  if (days.includes('unknown')) return `a day is one of ${DAYS.join(', ')}`;
  const [startDay, endDay, resetDay] = days as (Weekday | undefined)[];
  if ((startDay === undefined) !== (endDay === undefined))
    return 'give a day for both start and end, or for neither';
  if (!isTimeZone(timeZone)) return `"${timeZone}" is no time zone such as Europe/Zurich`;
  return {
    timeZone,
    startTime,
    endTime,
    startDay,
    endDay,
    resetTime,
    resetDay: reset === undefined ? startDay : resetDay,
  };
}

/** The text that `parseSchedule` reads back. */
export function describeSchedule(schedule: SessionSchedule): string {
  const { startDay, startTime, endDay, endTime, timeZone, resetDay, resetTime } = schedule;
  const span = `${dayText(startDay)}${startTime} - ${dayText(endDay)}${endTime} ${timeZone}`;
  const isResetAtStart = resetTime === startTime && resetDay === startDay;
  return isResetAtStart ? span : `${span} reset ${dayText(resetDay)}${resetTime}`;
}

/** Equal schedules share one result. The schedule must be valid, as those of `parseSchedule` are (an assert). */
export function compileSchedule(schedule: SessionSchedule): CompiledSchedule {
  const key = describeSchedule(schedule);
  let result = compiled.get(key);
  if (result === undefined) {
    result = compile(schedule);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(key, result);
  }
  return result;
}

function compile(schedule: SessionSchedule): CompiledSchedule {
  const wallTimeAt = wallClock(schedule.timeZone);
  const starts = recurring(wallTimeAt, schedule.startTime, schedule.startDay);
  const resets = recurring(wallTimeAt, schedule.resetTime, schedule.resetDay);
  const lengthMs = lengthOf(schedule, starts.periodMs);

  const spanAt = (now: number): Pick<ScheduleState, 'isOpen' | 'opensAt' | 'closesAt'> => {
    if (lengthMs === 0) return { isOpen: true, opensAt: -Infinity, closesAt: Infinity };
    const closingOf = (start: number): number => firstInstantAtWall(wallTimeAt, start + lengthMs);
    const start = starts.lastWallAt(now);
    const closesAt = closingOf(start);
    if (now < closesAt) return { isOpen: true, opensAt: starts.instantOf(start), closesAt };
    let next = start + starts.periodMs;
    // Where clocks go forward, a whole span may be skipped.
    while (closingOf(next) <= starts.instantOf(next)) next += starts.periodMs;
    return { isOpen: false, opensAt: starts.instantOf(next), closesAt };
  };

  let known: ScheduleState | undefined;
  let knownFrom = Infinity;
  let knownTo = -Infinity;
  return {
    at(now) {
      if (known === undefined || now < knownFrom || now >= knownTo) {
        const span = spanAt(now);
        const reset = resets.lastWallAt(now);
        const resetAt = resets.instantOf(reset);
        const nextResetAt = resets.instantOf(reset + resets.periodMs);
        known = { ...span, resetAt, nextResetAt };
        knownFrom = Math.max(resetAt, span.isOpen ? span.opensAt : span.closesAt);
        knownTo = Math.min(nextResetAt, span.isOpen ? span.closesAt : span.opensAt);
      }
      return known;
    },
  };
}

/** A wall time that comes every day or every week. Occurrences are named by their wall time. */
interface Recurring {
  readonly periodMs: number;
  /** The occurrence that was reached last, at or before the instant `now`. */
  lastWallAt(now: number): number;
  instantOf(wall: number): number;
}

function recurring(wallTimeAt: WallClock, time: string, day: Weekday | undefined): Recurring {
  const periodMs = day === undefined ? DAY_MS : WEEK_MS;
  const dayOffset = day === undefined ? 0 : (day - WEEKDAY_OF_DAY_0 + 7) % 7;
  const firstWall = dayOffset * DAY_MS + timeMs(time);
  const instantOf = (wall: number): number => firstInstantAtWall(wallTimeAt, wall);
  return {
    periodMs,
    instantOf,
    lastWallAt(now) {
      let wall = firstWall + Math.floor((wallTimeAt(now) - firstWall) / periodMs) * periodMs;
      // Where clocks change, the wall time alone can name the occurrence before or after.
      while (instantOf(wall) > now) wall -= periodMs;
      while (instantOf(wall + periodMs) <= now) wall += periodMs;
      return wall;
    },
  };
}

/** Wall time from start to end, ms; 0: around the clock. */
function lengthOf(
  { startTime, endTime, startDay = 0, endDay = 0 }: SessionSchedule,
  periodMs: number,
): number {
  const ms = timeMs(endTime) - timeMs(startTime) + (endDay - startDay) * DAY_MS;
  return (ms + WEEK_MS) % periodMs;
}

function timeMs(time: string): number {
  const minutes = parseTimeOfDay(time);
  assert(minutes !== undefined, `not a time of day: ${time}`);
  return minutes * MINUTE_MS;
}

function parseWeekday(text: string | undefined): Weekday | 'unknown' | undefined {
  if (text === undefined) return undefined;
  const index = DAYS.findIndex((day) => day.toLowerCase() === text.toLowerCase());
  return index === -1 ? 'unknown' : (index as Weekday);
}

function dayText(day: Weekday | undefined): string {
  return day === undefined ? '' : `${DAYS[day]} `;
}
