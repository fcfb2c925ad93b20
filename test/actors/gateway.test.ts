/** The gateway's bounds and its memory of who is connected. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { ClaimSession } from '../../src/actors/protocol.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../support/fix-venue.ts';
import { until } from '../support/until.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;

describe('a gateway', () => {
  it('closes a connection beyond its bound at once, and takes one again when there is room', async () => {
    const venue = await FixVenue.start({ limits: { maxConnections: 2 } });
    try {
      const first = await venue.logon();
      await venue.logon(OTHER_MEMBER);
      const third = await venue.connect();
      await third.expectClosed();
      first.close();
      await until('room', () => venue.sessionCount === 1);
      await venue.connect();
      await until('the next connection', () => venue.sessionCount === 2);
    } finally {
      await venue.stop();
    }
  });

  it('bounds the connections that have not logged on apart from those that have', async () => {
    const venue = await FixVenue.start({ limits: { maxUnauthenticatedConnections: 1 } });
    try {
      const member = await venue.logon();
      const silent = await venue.connect();
      await until('the silent connection', () => venue.sessionCount === 2);
      const refused = await venue.connect();
      await refused.expectClosed();
      member.send('D', limitOrder('a'));
      await member.expect('8');
      silent.close();
      await until('room', () => venue.sessionCount === 1);
      await venue.logon(OTHER_MEMBER);
    } finally {
      await venue.stop();
    }
  });

  it('closes the oldest silent connection of the largest network for a newcomer of another', async () => {
    const venue = await FixVenue.start({ limits: { maxUnauthenticatedConnections: 3 } });
    const silent: Socket[] = [];
    const closed: string[] = [];
    const dial = async (name: string, localAddress: string) => {
      const socket = connect({ port: venue.port, host: '127.0.0.1', localAddress });
      silent.push(socket);
      socket.on('error', () => {});
      socket.once('close', () => closed.push(name));
      socket.resume();
      await once(socket, 'connect');
    };
    try {
      for (const [index, address] of ['127.0.0.3', '127.0.0.2', '127.0.0.2'].entries()) {
        await dial(`${index} of ${address}`, address);
        await until('the connection', () => venue.sessionCount === index + 1);
      }
      await venue.logon();
      await until('room for the member', () => closed.length === 1);
      expect(closed).to.deep.equal(['1 of 127.0.0.2']);
      await dial('another', '127.0.0.2');
      await until('room for one more, since the member has logged on', () => venue.sessionCount === 4);
      await dial('one too many', '127.0.0.2');
      await until('its refusal', () => closed.length === 2);
      expect(closed).to.deep.equal(['1 of 127.0.0.2', 'one too many']);
    } finally {
      for (const socket of silent) socket.destroy();
      await venue.stop();
    }
  });

  it('forgets a peer that is gone before it has said anything', async () => {
    const venue = await FixVenue.start();
    try {
      const peer = await venue.connect();
      await until('the connection', () => venue.sessionCount === 1);
      peer.close();
      await until('its end', () => venue.sessionCount === 0);
    } finally {
      await venue.stop();
    }
  });

  it('tells a new session that there is no database', async () => {
    const venue = await FixVenue.start({ limits: { maxUnansweredRequestsPerSession: 1 } });
    try {
      venue.system.tell(GATE, { type: 'StoreUnavailable', reason: 'gone' });
      const member = await venue.logon();
      venue.onSubmit = () => {};
      for (let i = 0; i < 5; i += 1) {
        member.send('D', limitOrder(`o${i}`));
        await until('the request', () => venue.submitted.length === i + 1);
      }
    } finally {
      await venue.stop();
    }
  });

  it('that is restarted keeps its sessions and their claims', async () => {
    const venue = await FixVenue.start();
    try {
      const member = await venue.logon();
      const claim = { type: 'ClaimSession', sessionId: 'x', senderCompId: MEMBER.senderCompId };
      const trap = Object.defineProperty(claim, 'sessionId', {
        get() {
          throw new Error('a fault in the gateway');
        },
      });
      venue.system.tell(GATE, trap as ClaimSession);
      await until('the crash', () => venue.lines.some(({ event }) => event === 'actor crashed'));
      member.send('1', { 112: 'alive' });
      await member.expect('0', { 112: 'alive' });
      // Whoever has just been heard of is not asked whether it lives.
      venue.advance(DEFAULT_SESSION_LIMITS.probeAfterSilenceMs);
      const second = await venue.connect();
      second.sendLogon();
      await second.expectClosed();
      await member.expect('1');
      await until('the second connection to be forgotten', () => venue.sessionCount === 1);
    } finally {
      await venue.stop();
    }
  });
});
