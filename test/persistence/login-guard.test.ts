import { expect } from 'chai';
import fc from 'fast-check';
import { LoginGuard, MAX_KNOWN_NETWORKS } from '../../src/persistence/login-guard.ts';

const LIMITS = { loginFailuresToLock: 3, lockoutFromMs: 1_000, lockoutToMs: 6_000 };
const HOME = { senderCompId: 1001, network: '192.0.2.1' };
const STRANGER = { senderCompId: 1001, network: '198.51.100.1' };

describe('the lock-out of logons', () => {
  let guard: LoginGuard;
  let now: number;
  beforeEach(() => {
    guard = new LoginGuard(LIMITS);
    now = 1_000_000;
  });

  const fail = (attempt: typeof HOME, times: number) => {
    for (let failure = 0; failure < times; failure += 1) guard.failed(attempt, now);
  };
  const lockMs = (attempt: typeof HOME) => (guard.lockedUntil(attempt, now) ?? now) - now;

  it('begins with the failure that is one too many', () => {
    fail(STRANGER, 2);
    expect(lockMs(STRANGER)).to.equal(0);
    fail(STRANGER, 1);
    expect(lockMs(STRANGER)).to.equal(1_000);
  });

  it('ends by itself, doubles with each failure after it, and has a longest', () => {
    fail(STRANGER, 3);
    for (const expected of [1_000, 2_000, 4_000, 6_000, 6_000]) {
      expect(lockMs(STRANGER)).to.equal(expected);
      now += expected - 1;
      expect(lockMs(STRANGER)).to.equal(1);
      now += 1;
      expect(lockMs(STRANGER)).to.equal(0);
      fail(STRANGER, 1);
    }
  });

  it('holds for the member wherever its guesser is, and not for others there', () => {
    fail(STRANGER, 1);
    fail({ ...STRANGER, network: '198.51.100.2' }, 1);
    fail({ ...STRANGER, network: '198.51.100.3' }, 1);
    expect(lockMs({ ...STRANGER, network: '198.51.100.4' })).to.equal(1_000);
    expect(lockMs({ senderCompId: 1002, network: '198.51.100.1' })).to.equal(0);
  });

  it('holds for a network that tries one member after another, four times as late', () => {
    for (let senderCompId = 1; senderCompId <= 11; senderCompId += 1) fail({ ...STRANGER, senderCompId }, 1);
    expect(lockMs({ ...STRANGER, senderCompId: 99 })).to.equal(0);
    fail({ ...STRANGER, senderCompId: 12 }, 1);
    expect(lockMs({ ...STRANGER, senderCompId: 99 })).to.equal(1_000);
    expect(lockMs({ ...HOME, senderCompId: 99 })).to.equal(0);
  });

  it('never holds for a member at home because of strangers elsewhere', () => {
    guard.succeeded(HOME);
    fail(STRANGER, 50);
    expect(lockMs(HOME)).to.equal(0);
    expect(lockMs({ ...HOME, network: '203.0.113.1' })).to.equal(6_000);
  });

  it('never holds for a member at home because of its neighbours', () => {
    guard.succeeded(HOME);
    for (let senderCompId = 1; senderCompId <= 50; senderCompId += 1) fail({ ...HOME, senderCompId }, 1);
    expect(lockMs(HOME)).to.equal(0);
  });

  it('holds for a member at home that fails there, and there only', () => {
    guard.succeeded(HOME);
    fail(HOME, 3);
    expect(lockMs(HOME)).to.equal(1_000);
    expect(lockMs(STRANGER)).to.equal(0);
  });

  it('is forgotten after a success, and after a day', () => {
    fail(STRANGER, 2);
    guard.succeeded(STRANGER);
    fail({ ...STRANGER, network: '198.51.100.9' }, 2);
    expect(lockMs({ ...STRANGER, network: '198.51.100.9' })).to.equal(0);
    now += 24 * 3_600_000 + 1;
    fail({ ...STRANGER, network: '198.51.100.9' }, 2);
    expect(lockMs({ ...STRANGER, network: '198.51.100.9' })).to.equal(0);
  });

  it('is not lifted for strangers by the success of a member at home', () => {
    guard.succeeded(HOME);
    fail(STRANGER, 4);
    guard.succeeded(HOME);
    expect(lockMs(STRANGER)).to.equal(2_000);
  });

  it('tells the networks to remember only when one is new, the latest first and not too many', () => {
    expect(guard.succeeded(HOME)).to.deep.equal(['192.0.2.1']);
    expect(guard.succeeded(HOME)).to.equal(undefined);
    expect(guard.succeeded(STRANGER)).to.deep.equal(['198.51.100.1', '192.0.2.1']);
    expect(guard.succeeded(HOME)).to.equal(undefined);
    let networks: readonly string[] | undefined;
    for (let last = 1; last <= 40; last += 1) {
      networks = guard.succeeded({ ...HOME, network: `203.0.113.${last}` });
    }
    expect(networks).to.have.length(MAX_KNOWN_NETWORKS);
    expect(networks?.[0]).to.equal('203.0.113.40');
  });

  it('keeps a bounded number of entries, whoever tries', () => {
    const small = new LoginGuard(LIMITS, 10);
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), fc.boolean(), (senderCompId, last, isRight) => {
        const attempt = { senderCompId, network: `10.0.0.${last}` };
        if (isRight) small.succeeded(attempt);
        else small.failed(attempt, now);
        expect(small.entryCount).to.be.at.most(40);
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(small.entryCount).to.be.greaterThan(20);
  });
});
