/** What a connection reads of its socket: never more than the venue has dealt with, but for one read. */
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Connection } from '../../src/fix/connection.ts';
import { serveConnection } from '../../src/fix/socket-connection.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

const BOUND = 1_000;
const READ_BYTES = 100;
const READ_COUNT = 500;
/** More turns of the event loop than there are reads. */
const TURNS = 2 * READ_COUNT;

/** As much of a socket as a connection uses; what is written to it is what the peer sends. */
class FakeSocket extends PassThrough {
  setKeepAlive(): this {
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }
}

describe('a connection', () => {
  it('reads no more than the bound and one read, however long it waits, and goes on when that is dealt with', async () => {
    const socket = new FakeSocket({ highWaterMark: READ_BYTES * READ_COUNT });
    let connection: Connection | undefined;
    let byteCount = 0;
    serveConnection(
      socket as unknown as Socket,
      { remoteAddress: '127.0.0.1:1', certificateSubject: undefined },
      {
        clock: new ManualClock(0),
        log: silentLog,
        maxUnreadBytes: BOUND,
        onConnection(made) {
          connection = made;
          return {
            onBytes(bytes) {
              byteCount += bytes.length;
            },
            onClosed() {},
          };
        },
      },
    );
    for (let count = 0; count < READ_COUNT; count += 1) socket.write(Buffer.alloc(READ_BYTES, 'x'));
    connection?.resume();
    await turns();
    expect(byteCount).to.be.within(BOUND + 1, BOUND + READ_BYTES);
    connection?.consumed(500);
    await turns();
    expect(byteCount).to.be.within(BOUND + 501, BOUND + 500 + READ_BYTES);
    socket.destroy();
  });
});

async function turns(): Promise<void> {
  for (let count = 0; count < TURNS; count += 1) await turn();
}
