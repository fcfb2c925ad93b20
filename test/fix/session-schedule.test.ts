import { expect } from 'chai';
import fc from 'fast-check';
import type { SessionSchedule } from '../../src/fix/member-settings.ts';
import { compileSchedule, describeSchedule, parseSchedule } from '../../src/fix/session-schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function at(text: string): number {
  return Date.parse(text);
}

function scheduleOf(text: string): SessionSchedule {
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') throw new Error(schedule);
  return schedule;
}

/** What holds at an instant, in words that a failing test shows well. */
function stateAt(text: string, instant: string) {
  const state = compileSchedule(scheduleOf(text)).at(at(instant));
  const shown = (time: number): string | number =>
    Number.isFinite(time) ? new Date(time).toISOString() : time;
  return {
    isOpen: state.isOpen,
    opensAt: shown(state.opensAt),
    closesAt: shown(state.closesAt),
    resetAt: shown(state.resetAt),
    nextResetAt: shown(state.nextResetAt),
  };
}

describe('a session schedule as text', () => {
  for (const text of [
    '08:00 - 17:30 Europe/Zurich',
    '22:00 - 06:00 America/New_York',
    '00:00 - 00:00 UTC reset 17:00',
    '00:00 - 00:00 UTC reset Sun 17:00',
    'Mon 08:00 - Fri 17:30 Europe/Zurich',
    'Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00',
    'Sun 17:00 - Fri 17:00 America/New_York reset 17:00',
  ]) {
    it(`is read and told as "${text}"`, () => {
      expect(describeSchedule(scheduleOf(text))).to.equal(text);
    });
  }

  it('may be written with other blanks and capitals, and with a reset at the start', () => {
    expect(describeSchedule(scheduleOf('  mon 08:00-FRI 17:30   UTC  reset MON 08:00 '))).to.equal(
      'Mon 08:00 - Fri 17:30 UTC',
    );
  });

  it('is taken apart into its parts', () => {
    expect(parseSchedule('Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00')).to.deep.equal({
      timeZone: 'Europe/Zurich',
      startTime: '08:00',
      endTime: '17:30',
      startDay: 1,
      endDay: 5,
      resetTime: '18:00',
      resetDay: 0,
    });
  });

  for (const [text, sentence] of [
    ['', /^a session schedule is "08:00 - 17:30 Europe\/Zurich"/],
    ['8 to 5', /^a session schedule is/],
    ['08:00 - 17:30', /^a session schedule is/],
    [830, /^a session schedule is/],
    ['08:00 - 24:00 UTC', '"24:00" is no time from 00:00 to 23:59'],
    ['08:00 - 17:30 UTC reset 7pm', '"7pm" is no time from 00:00 to 23:59'],
    ['Mo 08:00 - Fri 17:30 UTC', 'a day is one of Sun, Mon, Tue, Wed, Thu, Fri, Sat'],
    ['08:00 - 17:30 UTC reset Someday 18:00', 'a day is one of Sun, Mon, Tue, Wed, Thu, Fri, Sat'],
    ['Mon 08:00 - 17:30 UTC', 'give a day for both start and end, or for neither'],
    ['08:00 - 17:30 Europe/Zurch', '"Europe/Zurch" is no time zone such as Europe/Zurich'],
  ] as const) {
    it(`is refused in one sentence: ${JSON.stringify(text)}`, () => {
      const answer = parseSchedule(text);
      expect(answer).to.be.a('string');
      if (typeof sentence === 'string') expect(answer).to.equal(sentence);
      else expect(answer).to.match(sentence);
    });
  }
});

describe('a session schedule', () => {
  it('opens and closes to the millisecond, and says when it opens again', () => {
    const text = '08:00 - 17:30 Europe/Zurich';
    const evening = {
      isOpen: false,
      opensAt: '2026-01-16T07:00:00.000Z',
      closesAt: '2026-01-15T16:30:00.000Z',
      resetAt: '2026-01-15T07:00:00.000Z',
      nextResetAt: '2026-01-16T07:00:00.000Z',
    };
    expect(stateAt(text, '2026-01-15T16:30:00.000Z')).to.deep.equal(evening);
    expect(stateAt(text, '2026-01-16T06:59:59.999Z')).to.deep.equal(evening);
    expect(stateAt(text, '2026-01-16T07:00:00.000Z')).to.deep.equal({
      isOpen: true,
      opensAt: '2026-01-16T07:00:00.000Z',
      closesAt: '2026-01-16T16:30:00.000Z',
      resetAt: '2026-01-16T07:00:00.000Z',
      nextResetAt: '2026-01-17T07:00:00.000Z',
    });
    expect(stateAt(text, '2026-01-16T16:29:59.999Z').isOpen).to.equal(true);
  });

  it('that is weekly is closed at the weekend, with a reset of its own', () => {
    const text = 'Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00';
    expect(stateAt(text, '2026-01-17T12:00:00Z')).to.deep.equal({
      isOpen: false,
      opensAt: '2026-01-19T07:00:00.000Z',
      closesAt: '2026-01-16T16:30:00.000Z',
      resetAt: '2026-01-11T17:00:00.000Z',
      nextResetAt: '2026-01-18T17:00:00.000Z',
    });
    expect(stateAt(text, '2026-01-21T02:00:00Z')).to.include({
      isOpen: true,
      closesAt: '2026-01-23T16:30:00.000Z',
      resetAt: '2026-01-18T17:00:00.000Z',
    });
  });

  it('whose end is before its start crosses midnight, or the week', () => {
    expect(stateAt('22:00 - 06:00 UTC', '2026-01-15T03:00:00Z')).to.include({
      isOpen: true,
      opensAt: '2026-01-14T22:00:00.000Z',
      closesAt: '2026-01-15T06:00:00.000Z',
    });
    // 2026-01-11 is a Sunday.
    expect(stateAt('Fri 20:00 - Mon 06:00 UTC', '2026-01-11T12:00:00Z')).to.include({
      isOpen: true,
      opensAt: '2026-01-09T20:00:00.000Z',
      closesAt: '2026-01-12T06:00:00.000Z',
    });
    expect(stateAt('Wed 08:00 - Wed 07:00 UTC', '2026-01-14T07:30:00Z')).to.include({
      isOpen: false,
      opensAt: '2026-01-14T08:00:00.000Z',
    });
  });

  it('without an end never closes, and resets all the same', () => {
    expect(stateAt('00:00 - 00:00 UTC reset 17:00', '2026-01-15T12:00:00Z')).to.deep.equal({
      isOpen: true,
      opensAt: -Infinity,
      closesAt: Infinity,
      resetAt: '2026-01-14T17:00:00.000Z',
      nextResetAt: '2026-01-15T17:00:00.000Z',
    });
  });

  it('keeps its wall time when clocks change', () => {
    expect(stateAt('08:00 - 17:30 Europe/Zurich', '2026-03-28T20:00:00Z').opensAt).to.equal(
      '2026-03-29T06:00:00.000Z',
    );
    expect(stateAt('08:00 - 17:30 Europe/Zurich', '2026-10-24T20:00:00Z').opensAt).to.equal(
      '2026-10-25T07:00:00.000Z',
    );
  });

  it('skips an opening that the clocks skip, and opens once where an hour comes twice', () => {
    // On 2026-03-29 02:00 is followed by 03:00; on 2026-10-25 03:00 is followed by 02:00.
    expect(stateAt('02:10 - 02:50 Europe/Zurich', '2026-03-28T20:00:00Z').opensAt).to.equal(
      '2026-03-30T00:10:00.000Z',
    );
    expect(stateAt('02:10 - 02:50 Europe/Zurich', '2026-10-25T00:20:00Z')).to.include({
      isOpen: true,
      closesAt: '2026-10-25T00:50:00.000Z',
    });
    expect(stateAt('02:10 - 02:50 Europe/Zurich', '2026-10-25T01:20:00Z')).to.include({
      isOpen: false,
      opensAt: '2026-10-26T01:10:00.000Z',
    });
  });

  it('agrees with a clock that is watched all the time, whatever the zone and the change of clocks', () => {
    fc.assert(
      fc.property(schedules, fc.constantFrom(...CLOCK_CHANGES), (schedule, [timeZone, change]) => {
        compareWithWatchedClock({ ...schedule, timeZone }, at(change));
      }),
      { numRuns: 60, seed: 20_261_122 },
    );
  });

  it('gives the same answer whatever was asked before', () => {
    const instants = fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
    fc.assert(
      fc.property(schedules, fc.array(instants, { minLength: 2, maxLength: 8 }), (schedule, asked) => {
        const shared = compileSchedule(schedule);
        for (const now of asked) {
          const state = { ...shared.at(now) };
          // A day far away makes the schedule forget what it knows.
          shared.at(at('2040-01-01T00:00:00Z'));
          expect(shared.at(now)).to.deep.equal(state);
          expect(state.resetAt).to.be.at.most(now);
          expect(state.nextResetAt).to.be.greaterThan(now);
          if (state.isOpen) expect(state.closesAt).to.be.greaterThan(now);
          else expect(state.opensAt).to.be.greaterThan(now);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

/** A zone, and noon (UTC) of a day on which its clocks change. */
const CLOCK_CHANGES = [
  ['Europe/Zurich', '2026-03-29T12:00:00Z'],
  ['Europe/Zurich', '2026-10-25T12:00:00Z'],
  ['America/New_York', '2026-03-08T12:00:00Z'],
  ['America/New_York', '2026-11-01T12:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:00:00Z'],
  ['Asia/Beirut', '2026-03-28T22:00:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00:00Z'],
  ['UTC', '2026-06-01T12:00:00Z'],
] as const;

// Mostly in the small hours, where clocks change.
const times = fc
  .oneof(fc.integer({ min: 0, max: 16 * 12 - 1 }), fc.integer({ min: 0, max: 287 }))
  .map((fives) => new Date((fives % 288) * 5 * MINUTE_MS).toISOString().slice(11, 16));
const weekday = fc.constantFrom(0, 1, 2, 3, 4, 5, 6 as const);
const schedules: fc.Arbitrary<SessionSchedule> = fc
  .record({
    startTime: times,
    endTime: times,
    resetTime: times,
    days: fc.option(fc.tuple(weekday, weekday), { nil: undefined }),
    resetDay: fc.option(weekday, { nil: undefined }),
  })
  .map(({ days, ...rest }) => ({
    ...rest,
    timeZone: 'Europe/Zurich',
    startDay: days?.[0] as SessionSchedule['startDay'],
    endDay: days?.[1] as SessionSchedule['endDay'],
    resetDay: rest.resetDay as SessionSchedule['resetDay'],
  }));

/**
 * Walks through three days around `change` in steps of five minutes with the highest wall time that was seen so far: a start,
 * an end and a reset happen when that passes them. Then asks the schedule the same.
 */
function compareWithWatchedClock(schedule: SessionSchedule, change: number): void {
  const wallTime = new Intl.DateTimeFormat('sv-SE', {
    timeZone: schedule.timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const isWeekly = schedule.startDay !== undefined;
  const minuteInWeek = (day: number | undefined, time: string): number => (day ?? 0) * 1440 + minutesOf(time);
  const subject = compileSchedule(schedule);
  const from = change - 36 * HOUR_MS;
  let highest = -Infinity;
  let lastReset: number | undefined;
  let before: { at: number; isOpen: boolean; opensAt: number; closesAt: number } | undefined;
  for (let now = from; now < change + 36 * HOUR_MS; now += 5 * MINUTE_MS) {
    const [date = '', time = ''] = wallTime.format(now).split(' ');
    const wall = Date.parse(`${date}T${time}:00Z`) / MINUTE_MS;
    const previous = highest;
    highest = Math.max(highest, wall);
    // As minutes since a Sunday midnight, cut to the period of what is asked.
    const sunday = (minute: number): number => minute + 4 * 1440;
    const since = (day: number | undefined, text: string, weekly: boolean): number => {
      const period = weekly ? 7 * 1440 : 1440;
      return (((sunday(highest) - minuteInWeek(day, text)) % period) + period) % period;
    };
    const period = isWeekly ? 7 * 1440 : 1440;
    const length =
      (minuteInWeek(schedule.endDay, schedule.endTime) -
        minuteInWeek(schedule.startDay, schedule.startTime) +
        7 * 1440) %
      period;
    const isOpen = length === 0 || since(schedule.startDay, schedule.startTime, isWeekly) < length;
    const state = subject.at(now);
    const label = `${describeSchedule(schedule)} at ${new Date(now).toISOString()}`;
    expect(state.isOpen, label).to.equal(isOpen);
    const sinceReset = since(schedule.resetDay, schedule.resetTime, schedule.resetDay !== undefined);
    if (previous !== -Infinity && sinceReset < highest - previous) lastReset = now;
    if (lastReset !== undefined) expect(state.resetAt, label).to.equal(lastReset);
    // What was foretold five minutes ago has come true.
    if (before !== undefined && before.isOpen !== isOpen) {
      expect(before.isOpen ? before.closesAt : before.opensAt, label).to.equal(now);
    }
    before = { at: now, isOpen: state.isOpen, opensAt: state.opensAt, closesAt: state.closesAt };
  }
}
