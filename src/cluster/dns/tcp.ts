/**
 * DNS over TCP (RFC 7766): messages with their length in front, any number on a connection. Apart from UDP because a
 * connection costs something: their number, their time and what they do not read are bounded.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { networkOf } from '../../platform/addresses.ts';
import type { Clock } from '../../platform/clock.ts';
import { oldestOfLargest } from '../../platform/fair-share.ts';
import type { DnsLimits } from './limits.ts';
import type { DnsPort, DnsSocketOptions } from './udp.ts';

export interface DnsTcpOptions extends DnsSocketOptions {
  readonly clock: Pick<Clock, 'after'>;
  readonly limits: Pick<
    DnsLimits,
    'maxDnsQueryBytes' | 'maxDnsTcpConnections' | 'dnsTcpLifetimeMs' | 'maxDnsUnsentBytes'
  >;
}

const LENGTH_BYTES = 2;

/** Begins to answer. Rejects with the system's error when it cannot listen. */
export async function listenTcp(options: DnsTcpOptions): Promise<DnsPort> {
  /** In the order they came, each with its network. */
  const connections = new Map<Socket, string>();
  const server = createServer((socket) => {
    const network = networkOf(socket.remoteAddress ?? 'unknown');
    if (connections.size >= options.limits.maxDnsTcpConnections) {
      const oldest = oldestOfLargest(connections, network);
      (oldest ?? socket).destroy();
      if (oldest === undefined) return;
      connections.delete(oldest);
    }
    connections.set(socket, network);
    const cancel = options.clock.after(options.limits.dnsTcpLifetimeMs, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      connections.delete(socket);
    });
    serve(socket, options);
  });
  await listening(server, options);
  server.on('error', (error) => options.log.warn('DNS socket error', { reason: error.message }));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close() {
      const end = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of connections.keys()) socket.destroy();
      return end;
    },
  };
}

function listening(server: Server, { host, port }: DnsTcpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Answers what comes, and closes on what is no query: the rest of such a stream means nothing. */
function serve(socket: Socket, { responder, limits, log }: DnsTcpOptions): void {
  let unread: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', (error) => log.debug('DNS connection broken', { reason: error.message }));
  socket.on('data', (chunk: Buffer) => {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    while (unread.length >= LENGTH_BYTES && !socket.destroyed) {
      const end = LENGTH_BYTES + unread.readUInt16BE(0);
      if (end > LENGTH_BYTES + limits.maxDnsQueryBytes) {
        socket.destroy();
        return;
      }
      if (unread.length < end) return;
      const answer = responder.answer(unread.subarray(LENGTH_BYTES, end), 'tcp');
      unread = unread.subarray(end);
      if (answer !== undefined) socket.write(framed(answer));
      if (answer === undefined || socket.writableLength > limits.maxDnsUnsentBytes) socket.destroy();
    }
  });
}

function framed(answer: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(answer.length, 0);
  return Buffer.concat([length, answer]);
}
