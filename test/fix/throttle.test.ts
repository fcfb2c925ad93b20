/** How many orders a session may send, and when too many end it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Throttle, Throttles } from '../../src/fix/throttle.ts';

describe('a throttle of a session', () => {
  const verdicts = (throttle: Throttle, count: number, at: number): string[] =>
    Array.from({ length: count }, () => throttle.take(at).type);

  it('lets a second’s worth pass at once, and says when the next may come', () => {
    const throttle = new Throttle(4, 100, 1_000);
    expect(verdicts(throttle, 4, 1_000)).to.deep.equal(['Passed', 'Passed', 'Passed', 'Passed']);
    expect(throttle.take(1_000)).to.deep.equal({ type: 'TooFast', retryAfterMs: 250 });
    expect(throttle.take(1_100)).to.deep.equal({ type: 'TooFast', retryAfterMs: 150 });
    expect(throttle.take(1_250)).to.deep.equal({ type: 'Passed' });
    expect(throttle.take(1_250)).to.deep.equal({ type: 'TooFast', retryAfterMs: 250 });
  });

  it('takes the request exactly when it said that it would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(10_000), (perSecond, start) => {
        const throttle = new Throttle(perSecond, 1_000_000, start);
        for (let i = 0; i < perSecond; i += 1) throttle.take(start);
        const verdict = throttle.take(start);
        if (verdict.type !== 'TooFast') throw new Error(verdict.type);
        const again = throttle.take(start + verdict.retryAfterMs);
        expect(again.type).to.equal('Passed');
      }),
    );
  });

  it('never lets more pass than the rate and one second’s worth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 300 }),
        (perSecond, pauses) => {
          const throttle = new Throttle(perSecond, 1_000_000, 0);
          let now = 0;
          let passed = 0;
          for (const pause of pauses) {
            now += pause;
            if (throttle.take(now).type === 'Passed') passed += 1;
          }
          expect(passed).to.be.at.most(perSecond + (now * perSecond) / 1_000);
        },
      ),
    );
  });

  it('calls it abuse when ten times the rate was rejected within a second, and forgets after one', () => {
    const throttle = new Throttle(2, 5, 0);
    expect(verdicts(throttle, 22, 0).filter((type) => type === 'TooFast')).to.have.length(20);
    expect(throttle.take(0).type).to.equal('Abuse');
    const patient = new Throttle(2, 5, 0);
    for (let second = 0; second < 10; second += 1) {
      expect(verdicts(patient, 12, second * 1_000)).not.to.include('Abuse');
    }
  });

  it('forgives a few at any rate', () => {
    const throttle = new Throttle(1, 1_000, 0);
    throttle.take(0);
    expect(verdicts(throttle, 1_000, 0)).not.to.include('Abuse');
    expect(throttle.take(0).type).to.equal('Abuse');
  });

  it('neither gives nor takes when the clock is set back', () => {
    const throttle = new Throttle(1, 100, 10_000);
    expect(throttle.take(10_000).type).to.equal('Passed');
    expect(throttle.take(5_000).type).to.equal('TooFast');
    expect(throttle.take(5_999).type).to.equal('TooFast');
    expect(throttle.take(6_000).type).to.equal('Passed');
  });

  it('is the same for all sessions of a member, until another rate is agreed', () => {
    const throttles = new Throttles();
    const first = throttles.of(100, 1, 100, 0);
    expect(first.take(0).type).to.equal('Passed');
    expect(throttles.of(100, 1, 100, 500).take(500).type, 'after a new Logon').to.equal('TooFast');
    expect(throttles.of(200, 1, 100, 500).take(500).type, 'of somebody else').to.equal('Passed');
    expect(throttles.of(100, 2, 100, 500).take(500).type, 'at another rate').to.equal('Passed');
  });
});
