/**
 * A socket, encrypted or not, as the {@link Connection} of a session: what may be read, how it is closed, and that
 * its end is told once. Apart from the acceptor, which decides which sockets get so far.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Connection, ConnectionListener, Peer } from './connection.ts';

/** How connections are served, whichever listener they came by. */
export interface ConnectionOptions {
  /** Called for each connection, before any of its bytes are read. */
  onConnection(connection: Connection): ConnectionListener;
  readonly log: Log;
  readonly clock: Clock;
  /** Bytes handed to the listener and not yet consumed; past it the socket is not read. Default 256 KiB. */
  readonly maxUnreadBytes?: number;
  /**
   * How long the peer may take to close after we have, if it was told anything; then the socket is destroyed. Default
   * 2 s.
   */
  readonly closeGraceMs?: number;
}

const DEFAULT_MAX_UNREAD_BYTES = 256 * 1024;
const DEFAULT_CLOSE_GRACE_MS = 2_000;
/** Finds peers that have vanished while nothing was to be said. */
const KEEP_ALIVE_AFTER_MS = 60_000;

/** Serves FIX on a socket that nobody reads; nothing that it does later can make this throw. */
export function serveConnection(socket: Socket, peer: Peer, options: ConnectionOptions): void {
  const { clock, log } = options;
  const { remoteAddress } = peer;
  const maxUnreadBytes = options.maxUnreadBytes ?? DEFAULT_MAX_UNREAD_BYTES;
  let unreadBytes = 0;
  let isPausedBySession = true;
  let isClosing = false;
  let hasWritten = false;

  // Two reasons not to read: the session does not want more, or has not dealt with what it got.
  const regulate = () => {
    const mayRead = isClosing || (!isPausedBySession && unreadBytes <= maxUnreadBytes);
    if (mayRead) socket.resume();
    else socket.pause();
  };

  const connection: Connection = {
    peer,
    write(bytes) {
      if (isClosing || !socket.writable) return;
      hasWritten = true;
      socket.write(bytes);
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
      // A peer that was told nothing has nothing to wait for, and must not hold the socket until it closes too.
      if (hasWritten) socket.end();
      else socket.destroySoon();
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
  let isReported = false;
  const reportClosed = () => {
    if (isReported) return;
    isReported = true;
    listener.onClosed();
  };
  let isFirst = true;
  socket.on('data', (bytes) => {
    if (isClosing || isReported || typeof bytes === 'string') return;
    const foreign = isFirst ? foreignProtocol(bytes) : undefined;
    isFirst = false;
    if (foreign !== undefined) {
      log.warn('connection refused', { remoteAddress, reason: foreign });
      reportClosed();
      return;
    }
    unreadBytes += bytes.length;
    listener.onBytes(bytes);
    if (unreadBytes > maxUnreadBytes) regulate();
  });
  // A peer that has finished sending is gone; the listener closes when it has dealt with what was sent before.
  socket.once('end', reportClosed);
  socket.once('close', () => {
    isClosing = true;
    reportClosed();
  });
  regulate();
}

/** What a peer speaks that took this listener for another one; undefined for FIX and for what is not known. */
function foreignProtocol(bytes: Buffer): string | undefined {
  if (isTlsHello(bytes)) return 'TLS on a listener without tls';
  if (bytes.indexOf('\r\n\r\n\0\r\nQUIT\n', 0, 'latin1') === 0) {
    return 'a PROXY protocol header on a listener without proxyProtocol';
  }
  return undefined;
}

/** A record of type handshake and any version of TLS; no FIX message can begin so. */
function isTlsHello(bytes: Buffer): boolean {
  return bytes[0] === 0x16 && bytes[1] === 0x03;
}
