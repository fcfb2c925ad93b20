/** The session's pure parts on their own: the table, verdicts on numbers and silence, readings of messages. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Inbound, judgeMsgSeqNum } from '../../../src/fix/inbound.ts';
import { judgeSilence } from '../../../src/fix/liveness.ts';
import { grantHeartBtInt } from '../../../src/fix/logon-terms.ts';
import { DEFAULT_MEMBER_SETTINGS } from '../../../src/fix/member-settings.ts';
import { readResendRequest } from '../../../src/fix/resend.ts';
import { step } from '../../../src/fix/session.ts';
import { DEFAULT_SESSION_LIMITS } from '../../../src/fix/session-limits.ts';
import { newSession } from '../../../src/fix/session-state.ts';
import { actionFor, mayFollow } from '../../../src/fix/session-table.ts';
import { Throttles } from '../../../src/fix/throttle.ts';
import { wireText } from '../../../src/fix/wire-text.ts';
import { fixBytes, fixMessage } from '../../support/fix-frames.ts';
import { TestSecurities } from '../../support/securities.ts';

const HEADER = '49=100|56=ONEBOOK|34=2|52=20260105-12:00:00.000|';

describe('a received MsgSeqNum', () => {
  it('is in order when it is the one expected, whatever its PossDupFlag', () => {
    expect(judgeMsgSeqNum(5, 5, false)).to.deep.equal({ type: 'InOrder' });
    expect(judgeMsgSeqNum(5, 5, true)).to.deep.equal({ type: 'InOrder' });
  });

  it('above the one expected shows a gap from there on without end', () => {
    expect(judgeMsgSeqNum(5, 9, false)).to.deep.equal({ type: 'Gap', beginSeqNo: 5, endSeqNo: 0 });
    expect(judgeMsgSeqNum(5, 6, true)).to.deep.equal({ type: 'Gap', beginSeqNo: 5, endSeqNo: 0 });
  });

  it('below the one expected is a repeat with PossDup and an error without', () => {
    expect(judgeMsgSeqNum(5, 4, true)).to.deep.equal({ type: 'AlreadyProcessed' });
    expect(judgeMsgSeqNum(5, 4, false)).to.deep.equal({ type: 'TooLow', expected: 5 });
  });
});

describe('the saved inbound number', () => {
  it('is never above an unanswered request, and is the next one when all are answered', () => {
    const answers = fc.array(fc.nat({ max: 29 }), { maxLength: 60 });
    fc.assert(
      fc.property(answers, (order) => {
        const inbound = new Inbound(DEFAULT_SESSION_LIMITS);
        inbound.start(1);
        const open = new Set<number>();
        for (let msgSeqNum = 1; msgSeqNum <= 30; msgSeqNum += 1) {
          inbound.consume();
          inbound.awaitAnswer(msgSeqNum);
          open.add(msgSeqNum);
        }
        for (const index of order) {
          inbound.answer(index + 1);
          open.delete(index + 1);
          expect(inbound.committedSeqNum).to.equal(open.size === 0 ? 31 : Math.min(...open));
        }
      }),
    );
  });
});

describe('silence', () => {
  it('is tested at 1.2 intervals and deadly at 2.4, if it was tested', () => {
    expect(judgeSilence(11_999, 10_000, false)).to.equal('Alive');
    expect(judgeSilence(12_000, 10_000, false)).to.equal('Test');
    expect(judgeSilence(23_999, 10_000, true)).to.equal('Alive');
    expect(judgeSilence(24_000, 10_000, true)).to.equal('Dead');
    expect(judgeSilence(60_000, 10_000, false), 'after a long pause of the venue itself').to.equal('Test');
  });

  it('means nothing to a session without heartbeats', () => {
    expect(judgeSilence(1e9, 0, false)).to.equal('Alive');
  });
});

describe('HeartBtInt', () => {
  it('is granted within the limits', () => {
    expect(
      [0, 1, 30, 3_600, 1e9].map((asked) => grantHeartBtInt(asked, DEFAULT_SESSION_LIMITS)),
    ).to.deep.equal([0, 1, 30, 3_600, 3_600]);
  });
});

describe('a ResendRequest', () => {
  const read = (begin: number, end: number) =>
    readResendRequest(fixMessage(`35=2|${HEADER}7=${begin}|16=${end}|`), 10);

  it('with EndSeqNo 0, or one above the last number, is up to the last number', () => {
    expect(read(3, 0)).to.deep.equal({ type: 'Range', begin: 3, end: 10 });
    expect(read(3, 999)).to.deep.equal({ type: 'Range', begin: 3, end: 10 });
    expect(read(3, 5)).to.deep.equal({ type: 'Range', begin: 3, end: 5 });
  });

  it('for what was not sent, or backwards, names the field', () => {
    expect(read(11, 0)).to.include({ type: 'WrongField', tag: 7 });
    expect(read(0, 0)).to.include({ type: 'WrongField', tag: 7 });
    expect(read(5, 4)).to.include({ type: 'WrongField', tag: 16 });
  });
});

describe('the session table', () => {
  it('never leaves the end, and ignores everything there', () => {
    expect(mayFollow('Ended', 'Active')).to.equal(false);
    expect(mayFollow('Ended', 'Ended')).to.equal(false);
    expect(actionFor('Ended', 'Message')).to.equal('ignore');
    expect(actionFor('Ended', 'PeerClosed')).to.equal('ignore');
  });

  it('lets no request through before the session is open', () => {
    for (const phase of ['Judging', 'Claiming', 'Opening'] as const) {
      expect(actionFor(phase, 'Message')).to.equal('keep');
    }
    expect(actionFor('AwaitingLogon', 'Message')).to.equal('readLogon');
  });

  it('does not let the venue answer a Logon that was not judged', () => {
    expect(mayFollow('AwaitingLogon', 'Active')).to.equal(false);
    expect(mayFollow('Judging', 'Active')).to.equal(false);
    expect(mayFollow('Claiming', 'Active')).to.equal(false);
  });
});

describe('a session as a state machine', () => {
  it('does the same at the same time with the same input', () => {
    const logon = fixMessage(
      '35=A|49=100|56=ONEBOOK|34=1|52=20260105-12:00:00.000|98=0|108=30|553=alice|554=secret|',
    );
    const now = Date.UTC(2026, 0, 5, 12);
    const opened = {
      commits: new Map(),
      nextInSeqNum: 1,
      nextOutSeqNum: 1,
      reservedOutSeqNum: 4_096,
      undelivered: [],
      deliveryUncertain: false,
      wasReset: false,
      isDisabled: false,
    };
    const run = () => {
      const config = {
        sessionId: 's',
        venueCompId: 'ONEBOOK',
        limits: DEFAULT_SESSION_LIMITS,
        throttles: new Throttles(),
        markets: new TestSecurities(),
        securityStatusToAll: false,
      };
      const state = newSession(config, now, true);
      const verdict = { type: 'Accepted', userId: 7, settings: DEFAULT_MEMBER_SETTINGS } as const;
      return [
        step(state, [{ type: 'Message', message: logon }], now, 0),
        step(state, [{ type: 'LoginJudged', verdict }], now, 0),
        step(state, [{ type: 'SessionClaimed' }], now, 0),
        step(state, [{ type: 'SessionOpened', opened }], now, 0),
        step(state, [{ type: 'Tick' }], now + 30_000, 0),
        step(state, [{ type: 'PeerClosed' }], now + 30_001, 0),
      ];
    };
    const effects = run();
    expect(effects).to.deep.equal(run());
    expect(
      effects.map((ofStep) => ofStep.filter(({ type }) => type !== 'Log').map(({ type }) => type)),
    ).to.deep.equal([
      ['Authenticate', 'PauseReading'],
      ['Claim'],
      ['Open'],
      ['LoggedOn', 'Write', 'ResumeReading'],
      ['Journal', 'Write'],
      ['Journal', 'CloseStored', 'Release', 'Disconnect'],
    ]);
  });
});

describe('the text of a message for the log', () => {
  it('hides old and new passwords and raw data, and nothing else', () => {
    const bytes = fixBytes('8=FIX.4.4|35=A|553=alice|554=secret|925=newer|96=raw|1554=not|10=000|');
    expect(wireText(bytes)).to.equal('8=FIX.4.4|35=A|553=alice|554=***|925=***|96=***|1554=not|10=000|');
  });
});
