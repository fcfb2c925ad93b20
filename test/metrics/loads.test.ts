/** What is read of sessions and listeners for the depths of their queues. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { startListeners } from '../../src/fix/listeners.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { NO_SECURITIES } from '../../src/fix/security-directory.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import { loadOf } from '../../src/fix/session-load.ts';
import { newSession } from '../../src/fix/session-state.ts';
import { Throttles } from '../../src/fix/throttle.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { until } from '../support/until.ts';

describe('the load of a session', () => {
  it('is what waits in it', () => {
    const state = newSession(
      {
        sessionId: 's',
        venueCompId: 'ONEBOOK',
        limits: DEFAULT_SESSION_LIMITS,
        throttles: new Throttles(),
        markets: NO_SECURITIES,
        securityStatusToAll: false,
      },
      0,
      true,
    );
    const nothing = { queuedReports: 0, unansweredRequests: 0, queuedAboveGap: 0 };
    expect(loadOf(state)).deep.equal({ phase: 'AwaitingLogon', isReadingPaused: false, ...nothing });
    const message = { byteCount: 100, detached: () => message } as unknown as FixMessage;
    state.inbound.queue(7, { message, isServed: false });
    for (const msgSeqNum of [3, 4]) state.inbound.awaitAnswer(msgSeqNum);
    state.inbound.answer(3);
    state.backlog = Array.from({ length: 5 }, () => ({
      commit: { writer: 'memory', commitNo: 1 },
      report: {} as never,
      isPossResend: false,
    }));
    state.backlogSent = 2;
    state.isPaused = true;
    expect(loadOf(state)).deep.equal({
      phase: 'AwaitingLogon',
      isReadingPaused: true,
      queuedReports: 3,
      unansweredRequests: 1,
      queuedAboveGap: 1,
    });
  });
});

describe('the load of listeners', () => {
  it('is that of the one with most connections before the end of their handshake', async () => {
    const plain = { host: '127.0.0.1', port: 0, tls: undefined };
    const listeners = await startListeners(
      [
        { ...plain, name: 'fix', trustedProxies: undefined },
        { ...plain, name: 'balanced', trustedProxies: ['127.0.0.1'] },
      ],
      { onConnection: () => ({ onBytes() {}, onClosed() {} }), log: silentLog, clock: systemClock },
    );
    try {
      expect(listeners.mostPendingHandshakes()).equal(0);
      const sockets = listeners.served.flatMap(({ port }) => [
        connect(port, '127.0.0.1'),
        connect(port, '127.0.0.1'),
      ]);
      await until('both to wait for a header', () => listeners.mostPendingHandshakes() === 2);
      for (const socket of sockets) socket.destroy();
      await until('nobody to wait', () => listeners.mostPendingHandshakes() === 0);
    } finally {
      await listeners.close();
    }
  });
});
