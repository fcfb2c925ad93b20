/**
 * The TCP port that members connect to: sockets become {@link Connection}s. The only file of this folder that
 * does I/O; nothing that a socket does can make it throw.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Connection, ConnectionListener } from './connection.ts';

/** Another process listens on the port. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
  readonly port: number;

  constructor(port: number) {
    super(`port ${port} is in use`);
    this.port = port;
  }
}

/** Where to listen, and who takes the connections. */
export interface AcceptorOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Called for each connection, before any of its bytes are read. */
  onConnection(connection: Connection): ConnectionListener;
  readonly log: Log;
  readonly clock: Clock;
  /** Bytes handed to the listener and not yet consumed; past it the socket is not read. Default 1 MiB. */
  readonly maxUnreadBytes?: number;
  /** How long the peer may take to close after we have; then the socket is destroyed. Default 2 s. */
  readonly closeGraceMs?: number;
}

/** A listening port. */
export interface Acceptor {
  /** The port that is listened on. */
  readonly port: number;
  /** Stops listening and closes what is still open. */
  close(): Promise<void>;
}

const DEFAULT_MAX_UNREAD_BYTES = 1024 * 1024;
const DEFAULT_CLOSE_GRACE_MS = 2_000;
/** Finds peers that have vanished while nothing was to be said. */
const KEEP_ALIVE_AFTER_MS = 60_000;

/** Starts to listen. Rejects with {@link PortInUse} when the port is taken, else with the system's error. */
export function startAcceptor(options: AcceptorOptions): Promise<Acceptor> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    attach(socket, options);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUse(options.port) : error);
    });
    server.listen({ host: options.host, port: options.port }, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => options.log.error('acceptor failed', { err: error }));
      resolve({ port: portOf(server, options.port), close: () => closeAll(server, sockets) });
    });
  });
}

function portOf(server: Server, asked: number): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : asked;
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function attach(socket: Socket, options: AcceptorOptions): void {
  const { clock, log } = options;
  const maxUnreadBytes = options.maxUnreadBytes ?? DEFAULT_MAX_UNREAD_BYTES;
  const remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
  let unreadBytes = 0;
  let isPausedBySession = true;
  let isClosing = false;

  // Two reasons not to read: the session does not want more, or has not dealt with what it got.
  const regulate = () => {
    const mayRead = isClosing || (!isPausedBySession && unreadBytes <= maxUnreadBytes);
    if (mayRead) socket.resume();
    else socket.pause();
  };

  const connection: Connection = {
    remoteAddress,
    write(bytes) {
      if (!isClosing && socket.writable) socket.write(bytes);
    },
    pause() {
      isPausedBySession = true;
      regulate();
    },
    resume() {
      isPausedBySession = false;
      regulate();
    },
    consumed(byteCount) {
      unreadBytes -= byteCount;
      regulate();
    },
    close() {
      if (isClosing) return;
      isClosing = true;
      socket.end();
      // Unread bytes would turn the close into a reset, and that would take our last words from the peer.
      regulate();
      const cancel = clock.after(options.closeGraceMs ?? DEFAULT_CLOSE_GRACE_MS, () => socket.destroy());
      socket.once('close', cancel);
    },
    unsentBytes: () => socket.writableLength,
  };

  // The error itself comes first, then 'close': one place ends a connection.
  socket.on('error', (error) => log.debug('socket error', { remoteAddress, reason: error.message }));
  const listener = options.onConnection(connection);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  socket.on('data', (bytes) => {
    if (isClosing || typeof bytes === 'string') return;
    unreadBytes += bytes.length;
    listener.onBytes(bytes);
    if (unreadBytes > maxUnreadBytes) regulate();
  });
  let isReported = false;
  const reportClosed = () => {
    if (isReported) return;
    isReported = true;
    listener.onClosed();
  };
  // A peer that has finished sending is gone; the listener closes when it has dealt with what was sent before.
  socket.once('end', reportClosed);
  socket.once('close', () => {
    isClosing = true;
    reportClosed();
  });
  regulate();
}
