import { expect } from 'chai';
import fc from 'fast-check';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';

const HOUR_MS = 3_600_000;

function at(text: string): number {
  return Date.parse(text);
}

function next(timeZone: string, rollTime: string, instant: string): string {
  return new Date(createTradingCalendar({ timeZone, rollTime }).nextRollAfter(at(instant))).toISOString();
}

describe('TradingCalendar', () => {
  it('begins a trading day at the roll, not a millisecond before', () => {
    const calendar = createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' });
    expect(calendar.tradingDayAt(at('2026-03-01T23:59:59.999Z'))).to.equal('2026-03-01');
    expect(calendar.tradingDayAt(at('2026-03-02T00:00:00.000Z'))).to.equal('2026-03-02');
    expect(calendar.nextRollAfter(at('2026-03-01T23:59:59.999Z'))).to.equal(at('2026-03-02T00:00:00Z'));
    expect(calendar.nextRollAfter(at('2026-03-02T00:00:00.000Z'))).to.equal(at('2026-03-03T00:00:00Z'));
  });

  it('says when a trading day ends: at the roll that begins the next one, also where clocks change', () => {
    const endOf = (timeZone: string, rollTime: string, tradingDay: string): string =>
      new Date(createTradingCalendar({ timeZone, rollTime }).endOf(tradingDay)).toISOString();
    expect(endOf('UTC', '00:00', '2026-12-31')).to.equal('2027-01-01T00:00:00.000Z');
    expect(endOf('America/New_York', '17:00', '2026-01-15')).to.equal('2026-01-16T22:00:00.000Z');
    expect(endOf('Europe/Zurich', '06:00', '2026-03-28')).to.equal('2026-03-29T04:00:00.000Z');
    expect(endOf('Europe/Zurich', '06:00', '2026-10-24')).to.equal('2026-10-25T05:00:00.000Z');
  });

  it('does not know the end of a day that does not exist', () => {
    const calendar = createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' });
    for (const tradingDay of ['2026-02-29', '2026-13-01', '20260101', '']) {
      expect(() => calendar.endOf(tradingDay), tradingDay).to.throw('not a trading day');
    }
  });

  it('names a trading day that crosses midnight by the date on which it began', () => {
    const calendar = createTradingCalendar({ timeZone: 'America/New_York', rollTime: '17:00' });
    expect(calendar.tradingDayAt(at('2026-01-15T21:59:59.999Z'))).to.equal('2026-01-14');
    expect(calendar.tradingDayAt(at('2026-01-15T22:00:00.000Z'))).to.equal('2026-01-15');
    expect(calendar.tradingDayAt(at('2026-01-16T04:59:00.000Z'))).to.equal('2026-01-15');
  });

  it('keeps the roll at the same wall time when clocks go forward and back', () => {
    expect(next('Europe/Zurich', '06:00', '2026-03-28T12:00:00Z')).to.equal('2026-03-29T04:00:00.000Z');
    expect(next('Europe/Zurich', '06:00', '2026-10-24T12:00:00Z')).to.equal('2026-10-25T05:00:00.000Z');
    expect(next('America/New_York', '17:00', '2026-03-08T00:00:00Z')).to.equal('2026-03-08T21:00:00.000Z');
    expect(next('America/New_York', '17:00', '2026-11-01T00:00:00Z')).to.equal('2026-11-01T22:00:00.000Z');
  });

  it('has a day of 23 and one of 25 hours a year', () => {
    const calendar = createTradingCalendar({ timeZone: 'Europe/Zurich', rollTime: '00:00' });
    const lengthOf = (noon: string): number => {
      const end = calendar.nextRollAfter(at(noon));
      const begin = calendar.nextRollAfter(at(noon) - 24 * HOUR_MS);
      return (end - begin) / HOUR_MS;
    };
    expect(lengthOf('2026-03-29T12:00:00Z')).to.equal(23);
    expect(lengthOf('2026-10-25T12:00:00Z')).to.equal(25);
    expect(lengthOf('2026-06-01T12:00:00Z')).to.equal(24);
  });

  it('rolls at the change of clocks when that skips the roll time', () => {
    expect(next('Europe/Zurich', '02:30', '2026-03-28T12:00:00Z')).to.equal('2026-03-29T01:00:00.000Z');
  });

  it('rolls once, at the first of two, when the roll time happens twice', () => {
    expect(next('Europe/Zurich', '02:30', '2026-10-24T12:00:00Z')).to.equal('2026-10-25T00:30:00.000Z');
    expect(next('Europe/Zurich', '02:30', '2026-10-25T00:30:00Z')).to.equal('2026-10-26T01:30:00.000Z');
    const calendar = createTradingCalendar({ timeZone: 'Europe/Zurich', rollTime: '02:30' });
    // 02:10 for the second time: the wall time alone would say that the new day has not begun.
    expect(calendar.tradingDayAt(at('2026-10-25T01:10:00Z'))).to.equal('2026-10-25');
  });

  it('knows zones that change their clocks at midnight or by half an hour', () => {
    expect(next('Asia/Beirut', '00:00', '2026-03-28T12:00:00Z')).to.equal('2026-03-28T22:00:00.000Z');
    expect(next('Asia/Beirut', '00:00', '2026-10-24T12:00:00Z')).to.equal('2026-10-24T22:00:00.000Z');
    expect(next('Australia/Lord_Howe', '00:00', '2026-04-04T14:00:00Z')).to.equal('2026-04-05T13:30:00.000Z');
  });

  it('gives days that follow each other without gap or overlap, whatever the order of questions', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Zurich', 'America/New_York', 'Asia/Beirut', 'Pacific/Apia');
    const times = fc.constantFrom('00:00', '02:30', '17:00', '23:59');
    const instants = fc.integer({ min: at('2011-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') });
    fc.assert(
      fc.property(
        zones,
        times,
        fc.array(instants, { minLength: 1, maxLength: 5 }),
        (timeZone, rollTime, asked) => {
          const calendar = createTradingCalendar({ timeZone, rollTime });
          for (const instant of asked) {
            const roll = calendar.nextRollAfter(instant);
            expect(roll).to.be.greaterThan(instant);
            expect(calendar.endOf(calendar.tradingDayAt(instant))).to.equal(roll);
            expect(calendar.tradingDayAt(roll - 1)).to.equal(calendar.tradingDayAt(instant));
            expect(calendar.tradingDayAt(roll) > calendar.tradingDayAt(instant)).to.equal(true);
          }
        },
      ),
      { numRuns: 100, seed: 20_260_301 },
    );
  });
});
