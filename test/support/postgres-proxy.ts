/**
 * A TCP proxy before Postgres that cuts connections at the worst moments: when COMMIT has been asked for and is
 * not delivered, when it is done and the answer is not delivered, anywhere within a commit that is sent in one flight
 * or the answer to it, and while the server is away altogether.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface PostgresProxy {
  /** The database's URL through the proxy. */
  readonly url: string;
  /** The next COMMIT does not reach the server. Once. */
  cutBeforeCommit(): void;
  /** The next COMMIT reaches the server, and its answer does not come back. Once. */
  cutAfterCommit(): void;
  /** Of the next commit only so many bytes reach the server, and then the connection ends. Once, if it has more. */
  cutRequestAfter(byteCount: number): void;
  /** Of the answer to the next commit only so many bytes come back, and then the connection ends. Once, if it has more. */
  cutAnswerAfter(byteCount: number): void;
  /** Cuts every connection and takes no new one, until {@link restore}. */
  cutAll(): void;
  restore(): void;
  /** How many connections were cut at a COMMIT or within a commit. */
  readonly commitCutCount: number;
  close(): Promise<void>;
}

type Plan =
  | 'forward'
  | 'cut before commit'
  | 'cut after commit'
  | 'refuse'
  | { readonly within: 'request' | 'answer'; readonly byteCount: number };

/** How BEGIN ends as a message of a flight, as a statement that was prepared by this name. */
const FLIGHT_BEGINS = 'begin\0';

export async function postgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let plan: Plan = 'forward';
  let commitCutCount = 0;

  const server = createServer((client) => {
    if (plan === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    let isCommitting = false;
    /** What may still pass of a flight, or of its answer. */
    let bytesLeft: number | undefined;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    const cutAtCommit = (): void => {
      plan = 'forward';
      commitCutCount += 1;
      cut();
    };
    /** Passes on what may pass, and cuts where there is more. */
    const passSome = (chunk: Buffer, receiver: Socket): void => {
      if (bytesLeft === undefined || chunk.length <= bytesLeft) {
        if (bytesLeft !== undefined) bytesLeft -= chunk.length;
        receiver.write(chunk);
        return;
      }
      const passing = chunk.subarray(0, bytesLeft);
      bytesLeft = 0;
      plan = 'forward';
      commitCutCount += 1;
      // What passes must arrive, so the receiver's side ends in order.
      receiver.end(passing, cut);
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      const isCommit = chunk.includes('commit\0');
      if (isCommit && plan === 'cut before commit') return cutAtCommit();
      isCommitting = isCommit && plan === 'cut after commit';
      if (typeof plan === 'object' && bytesLeft === undefined && chunk.includes(FLIGHT_BEGINS)) {
        bytesLeft = plan.byteCount;
      }
      if (typeof plan === 'object' && plan.within === 'request') passSome(chunk, upstream);
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isCommitting && chunk.includes('COMMIT\0')) return cutAtCommit();
      if (typeof plan === 'object' && plan.within === 'answer') passSome(chunk, client);
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    cutBeforeCommit() {
      plan = 'cut before commit';
    },
    cutAfterCommit() {
      plan = 'cut after commit';
    },
    cutRequestAfter(byteCount) {
      plan = { within: 'request', byteCount };
    },
    cutAnswerAfter(byteCount) {
      plan = { within: 'answer', byteCount };
    },
    cutAll() {
      plan = 'refuse';
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      plan = 'forward';
    },
    get commitCutCount() {
      return commitCutCount;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
