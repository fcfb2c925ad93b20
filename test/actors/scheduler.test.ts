import { expect } from 'chai';
import type { Address, Message } from '../../src/actors/protocol.ts';
import { startScheduler } from '../../src/actors/scheduler.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

describe('the scheduler', () => {
  it('ticks often enough that a heartbeat every second is never late by more than a fifth', () => {
    const { clock, told } = scheduler();
    clock.advance(999);
    expect(told).to.have.lengthOf(4);
    for (const { address, message } of told) {
      expect(address).to.deep.equal({ type: 'gateway', name: 'fix' });
      expect(message).to.deep.equal({ type: 'Tick' });
    }
  });

  it('tells the books every second what time it is', () => {
    const { clock, told } = scheduler();
    clock.advance(2_500);
    const ofExchange = told.filter(({ address }) => address.type === 'exchange');
    expect(ofExchange.map(({ message }) => message)).to.deep.equal([
      { type: 'ExpireDue', upTo: NOON + 1_000 },
      { type: 'ExpireDue', upTo: NOON + 2_000 },
    ]);
  });

  it('rolls the trading day once, at its roll time', () => {
    const { clock, rolls } = scheduler();
    clock.advance(12 * HOUR_MS - 1);
    expect(rolls()).to.deep.equal([]);
    clock.advance(HOUR_MS);
    expect(rolls()).to.deep.equal([{ type: 'RollTradingDay', tradingDay: '2026-11-23' }]);
  });

  it('brings no day back when the clock is set back', () => {
    const { clock, rolls } = scheduler();
    clock.advance(13 * HOUR_MS);
    clock.set(NOON);
    clock.advance(37 * HOUR_MS);
    expect(rolls().map((roll) => roll.type === 'RollTradingDay' && roll.tradingDay)).to.deep.equal([
      '2026-11-23',
      '2026-11-24',
    ]);
  });

  it('says nothing more once it is stopped', () => {
    const { clock, told, stop } = scheduler();
    stop();
    clock.advance(HOUR_MS);
    expect(told).to.deep.equal([]);
  });
});

function scheduler() {
  const clock = new ManualClock(NOON);
  const calendar = createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' });
  const told: { address: Address; message: Message }[] = [];
  const tell = (address: Address, message: Message): void => {
    told.push({ address, message });
  };
  const stop = startScheduler({ tell, clock, calendar, gateways: ['fix'] });
  const rolls = (): Message[] =>
    told.map(({ message }) => message).filter(({ type }) => type === 'RollTradingDay');
  return { clock, told, stop, rolls };
}
