/** The listening port: bytes in and out of sockets, bounds on what is read, and sockets that misbehave. */

import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { expect } from 'chai';
import { type Acceptor, PortInUse, startAcceptor } from '../../src/fix/acceptor.ts';
import type { Connection } from '../../src/fix/connection.ts';
import { type AddressMatcher, parseAddressPatterns } from '../../src/platform/addresses.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Reception, untilClosed } from '../support/reception.ts';
import { until } from '../support/until.ts';

/** A PROXY protocol header of a load balancer's own connection. */
const NO_SOURCE = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

class Taken {
  readonly connection: Connection;
  byteCount = 0;
  closedCount = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }
}

describe('an acceptor', () => {
  const clock = new ManualClock(0);
  let acceptor: Acceptor;
  let taken: Taken[];
  let peer: Socket;
  let received: string;

  beforeEach(async () => {
    taken = [];
    received = '';
    acceptor = await startAcceptor({
      host: '127.0.0.1',
      port: 0,
      log: silentLog,
      clock,
      maxUnreadBytes: 100_000,
      onConnection(connection) {
        const listener = new Taken(connection);
        taken.push(listener);
        return {
          onBytes: (bytes) => {
            listener.byteCount += bytes.length;
          },
          onClosed: () => {
            listener.closedCount += 1;
          },
        };
      },
    });
    peer = connect({ port: acceptor.port, host: '127.0.0.1' });
    peer.on('error', () => {});
    peer.on('data', (bytes) => {
      received += String(bytes);
    });
    await once(peer, 'connect');
  });
  afterEach(async () => {
    peer.destroy();
    await acceptor.close();
  });

  const first = () => until('the connection', () => taken[0]);

  it('says which port is in use', async () => {
    const second = startAcceptor({
      host: '127.0.0.1',
      port: acceptor.port,
      log: silentLog,
      clock,
      onConnection: () => {
        throw new Error('nobody connects here');
      },
    });
    const error = await second.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(PortInUse);
    expect(error).to.include({ port: acceptor.port, message: `port ${acceptor.port} is in use` });
  });

  it('reads nothing before it is told to', async () => {
    const listener = await first();
    peer.write('x'.repeat(1_000));
    const other = connect({ port: acceptor.port, host: '127.0.0.1' });
    await until('the other connection', () => taken.length === 2);
    other.destroy();
    expect(listener.byteCount).to.equal(0);
    listener.connection.resume();
    await until('the bytes', () => listener.byteCount === 1_000);
  });

  it('reads no further when too much of it has not been dealt with', async () => {
    const listener = await first();
    const { connection } = listener;
    connection.resume();
    const total = 20_000_000;
    peer.write(Buffer.alloc(total, 'x'));
    await until('the bound', () => listener.byteCount > 100_000);
    expect(listener.byteCount, 'one read beyond the bound at most').to.be.lessThan(100_000 + 100_000);
    let consumed = 0;
    await until('all of it', () => {
      connection.consumed(listener.byteCount - consumed);
      consumed = listener.byteCount;
      return consumed === total;
    });
  });

  it('sends its last words before it closes, although the peer is still talking', async () => {
    const { connection } = await first();
    peer.write('x'.repeat(500_000));
    connection.write(Buffer.from('good'));
    connection.write(Buffer.from('bye'));
    connection.close();
    connection.write(Buffer.from(' and more'));
    await once(peer, 'end');
    expect(received).to.equal('goodbye');
  });

  it('does not wait for ever for a peer that does not close', async () => {
    const stubborn = connect({ port: acceptor.port, host: '127.0.0.1', allowHalfOpen: true });
    stubborn.on('error', () => {});
    stubborn.resume();
    const listener = await until('the connection', () => taken[1]);
    listener.connection.write(Buffer.from('bye'));
    listener.connection.close();
    await once(stubborn, 'end');
    expect(listener.closedCount).to.equal(0);
    clock.advance(2_000);
    await until('the end', () => listener.closedCount === 1);
    stubborn.destroy();
  });

  it('waits for no peer that it has told nothing', async () => {
    const stubborn = connect({ port: acceptor.port, host: '127.0.0.1', allowHalfOpen: true });
    stubborn.on('error', () => {});
    const listener = await until('the connection', () => taken[1]);
    listener.connection.close();
    await until('the end', () => listener.closedCount === 1);
    expect(clock.timerCount).to.equal(0);
    stubborn.destroy();
  });

  it('says once that a connection is closed, however it ended, and survives', async () => {
    const listener = await first();
    listener.connection.resume();
    peer.resetAndDestroy();
    await until('the end', () => listener.closedCount > 0);
    const { connection } = listener;
    connection.write(Buffer.from('to nobody'));
    connection.consumed(0);
    connection.close();
    expect(connection.unsentBytes()).to.equal(0);
    const other = connect({ port: acceptor.port, host: '127.0.0.1' });
    await until('another connection', () => taken.length === 2);
    other.destroy();
    expect(listener.closedCount).to.equal(1);
  });

  it('counts what the peer has not read', async () => {
    const { connection } = await first();
    peer.pause();
    await until('the socket’s buffers to be full', () => {
      connection.write(Buffer.alloc(1_000_000));
      return connection.unsentBytes() > 1_000_000;
    });
    peer.resume();
    await until('all of it to be read', () => connection.unsentBytes() === 0);
  });
});

describe('an acceptor of connections that begin with something else than FIX', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function dial(to: TcpNetConnectOpts): Promise<Socket> {
    const socket = connect(to);
    sockets.push(socket);
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    return socket;
  }

  function trustedProxies(): AddressMatcher {
    const matcher = parseAddressPatterns(['127.0.0.0/8']);
    if (typeof matcher === 'string') throw new Error(matcher);
    return matcher;
  }

  it('closes the oldest that has not finished, of the largest network, for a newcomer of another', async () => {
    const limits = { maxPendingHandshakes: 4 };
    const reception = await Reception.open({ trustedProxies: trustedProxies(), limits });
    try {
      const many = { port: reception.port, host: '127.0.0.1', localAddress: '127.0.0.2' };
      const waiting: Socket[] = [];
      while (waiting.length < 4) {
        waiting.push(await dial(many));
        await until('its time limit', () => reception.clock.timerCount === waiting.length);
      }
      const newcomers = await Promise.all([reception.visit(), reception.visit()]);
      for (const oldest of waiting.slice(0, 2)) await untilClosed(oldest);
      expect(await reception.refusal()).to.equal('warn: 4 connections have not finished their handshake');
      await until('four to wait', () => reception.clock.timerCount === 4);
      for (const socket of [...waiting.slice(2), ...newcomers]) socket.write(NO_SOURCE);
      await until('all of them to be served', () => reception.guests.length === 4);
      expect(reception.refusalCount).to.equal(2);
    } finally {
      await reception.close();
    }
  });

  it('keeps apart two connections of one address and port, to two addresses of its own', async () => {
    const reception = await Reception.open({ host: '0.0.0.0', trustedProxies: trustedProxies() });
    try {
      const first = await dial({ port: reception.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      await until('its time limit', () => reception.clock.timerCount === 1);
      const from = { localAddress: '127.0.0.2', localPort: Number(first.localPort) };
      const second = await dial({ port: reception.port, host: '127.0.0.3', ...from });
      await until('both time limits', () => reception.clock.timerCount === 2);
      first.destroy();
      await until('one time limit', () => reception.clock.timerCount === 1);
      second.write(NO_SOURCE);
      await reception.guest();
      expect(reception.clock.timerCount).to.equal(0);
    } finally {
      await reception.close();
    }
  });
});
