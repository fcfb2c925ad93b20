/**
 * A member's connection as the session sees it, without the socket: what it may do with it and what it is told.
 * The acceptor implements it over TCP.
 */

/** Who is at the other end, as far as the transport can tell. */
export interface Peer {
  /** `address:port`; behind a load balancer that says so (PROXY protocol), the member's own. */
  readonly remoteAddress: string;
  /** Subject of the certificate that the peer proved (`CN=desk-1,O=Bank`); undefined without one. */
  readonly certificateSubject: string | undefined;
}

/** One open connection. Every method may be called after it has closed, and then does nothing. */
export interface Connection {
  readonly peer: Peer;
  /** Hands bytes to the transport; they must not change afterwards. */
  write(bytes: Uint8Array): void;
  /** Stops reading: the peer is held back by its own full buffers. A connection is born paused. */
  pause(): void;
  resume(): void;
  /** Bytes given to the listener have been dealt with: there is room for so many more. */
  consumed(byteCount: number): void;
  /** Sends what was written and closes; what still arrives is not delivered. */
  close(): void;
  /** Bytes written that the transport has not taken yet. */
  unsentBytes(): number;
}

/** Who is told what happens on a connection. */
export interface ConnectionListener {
  /** The bytes belong to the listener. */
  onBytes(bytes: Uint8Array): void;
  /**
   * The peer sends no more, or the connection broke or was closed by us: once, after all its bytes. The listener
   * closes the connection.
   */
  onClosed(): void;
}
