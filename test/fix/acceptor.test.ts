/** The listening port: bytes in and out of sockets, bounds on what is read, and sockets that misbehave. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Acceptor, PortInUse, startAcceptor } from '../../src/fix/acceptor.ts';
import type { Connection } from '../../src/fix/connection.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

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
    listener.connection.close();
    await once(stubborn, 'end');
    clock.advance(2_000);
    await until('the end', () => listener.closedCount === 1);
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
