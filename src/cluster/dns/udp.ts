/** DNS over UDP: one datagram, one answer to where it says that it came from. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Log } from '../../platform/log.ts';
import type { DnsResponder } from './responder.ts';

/** Where to listen, and who answers. */
export interface DnsSocketOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly responder: Pick<DnsResponder, 'answer'>;
  readonly log: Log;
}

/** An open port. */
export interface DnsPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Begins to answer. Rejects with the system's error when it cannot listen. */
export async function listenUdp({ host, port, responder, log }: DnsSocketOptions): Promise<DnsPort> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  socket.bind({ port, address: host });
  await once(socket, 'listening');
  socket.on('error', (error) => log.warn('DNS socket error', { reason: error.message }));
  socket.on('message', (query, from) => {
    // Nobody can be answered at port 0: the datagram is forged.
    if (from.port === 0) return;
    const answer = responder.answer(query, 'udp');
    if (answer === undefined) return;
    socket.send(answer, from.port, from.address, (error) => {
      if (error !== null) log.debug('DNS answer not sent', { reason: error.message });
    });
  });
  return { port: socket.address().port, close: () => closed(socket) };
}

async function closed(socket: Socket): Promise<void> {
  const end = once(socket, 'close');
  socket.close();
  await end;
}
