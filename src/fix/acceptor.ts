/**
 * A listener that members connect to: it brings each socket through what comes before FIX, the PROXY protocol's
 * header and the TLS handshake, within bounds, and hands it on as a connection with the peer's true address.
 */
import { constants } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import { type AddressMatcher, addressAndPort, hostOf, networkOf } from '../platform/addresses.ts';
import type { CancelTimer } from '../platform/clock.ts';
import { oldestOfLargest } from '../platform/fair-share.ts';
import type { Log } from '../platform/log.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import { type ConnectionOptions, serveConnection } from './socket-connection.ts';
import { certificateSubject, readTlsFiles, type TlsMaterial, type TlsSettings } from './tls.ts';

/** Another process listens on the address. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    super(`port ${port} is in use`);
    this.host = host;
    this.port = port;
  }
}

/** Where to listen, what comes before FIX, and who takes the connections. */
export interface AcceptorOptions extends ConnectionOptions {
  /** What the log calls the listener; default `fix`. */
  readonly name?: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls?: TlsSettings | undefined;
  /** Every connection begins with a header of the PROXY protocol, and only these may connect; undefined: none does. */
  readonly trustedProxies?: AddressMatcher | undefined;
  readonly limits?: Partial<ListenerLimits>;
}

/** Bounds of what comes before FIX. */
export interface ListenerLimits {
  /** How long a load balancer may take for its PROXY protocol header. */
  readonly proxyHeaderTimeoutMs: number;
  /** How long a member may take for its TLS handshake. */
  readonly tlsHandshakeTimeoutMs: number;
  /** Connections of one listener whose header or handshake is not finished; past it the largest network gives way. */
  readonly maxPendingHandshakes: number;
}

/** The bounds of a listener when nothing else is configured. */
const DEFAULT_LISTENER_LIMITS: ListenerLimits = {
  proxyHeaderTimeoutMs: 5_000,
  tlsHandshakeTimeoutMs: 10_000,
  maxPendingHandshakes: 100,
};

/** A listening port. */
export interface Acceptor {
  /** The port that is listened on. */
  readonly port: number;
  /** Reads the certificates again, for connections from now on; what cannot be served with changes nothing. */
  reloadCertificates(): void;
  /** Connections whose header or handshake is not finished. Bound: maxPendingHandshakes. */
  pendingHandshakes(): number;
  /** Stops listening and closes what is still open. */
  close(): Promise<void>;
}

/** First byte of a TLS connection: a record of type handshake. */
const TLS_HANDSHAKE = 0x16;
/** First byte of a FIX message, `8=FIX…`. */
const FIX_BEGIN = 0x38;

/** Starts to listen. Rejects with {@link PortInUse}, `BadTlsFiles`, or the system's error. */
export async function startAcceptor(options: AcceptorOptions): Promise<Acceptor> {
  const listener = new Listener(options);
  return {
    port: await listener.listen(),
    reloadCertificates: () => listener.reloadCertificates(),
    pendingHandshakes: () => listener.pendingHandshakes,
    close: () => listener.close(),
  };
}

/** A socket on its way to FIX. */
interface Arrival {
  readonly socket: Socket;
  /** The load balancer's, until its header has named the member's. */
  remoteAddress: string;
  /** Bytes have come, the load balancer's header aside: it is no mere probe of the port. */
  hasSpoken: boolean;
  isRefused: boolean;
  cancelTimer: CancelTimer;
}

class Listener {
  readonly #options: AcceptorOptions;
  readonly #limits: ListenerLimits;
  readonly #log: Log;
  /** The options of every connection, whose lines name the listener too. */
  readonly #served: ConnectionOptions;
  readonly #server: Server;
  /** Never listens itself: sockets are given to it when they are at their handshake. */
  readonly #tlsServer: TlsServer | undefined;
  readonly #sockets = new Set<Socket>();
  /** By the socket's own peer, which the encrypted socket on top of it knows as well. */
  readonly #arrivals = new Map<string, Arrival>();

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LISTENER_LIMITS, ...options.limits };
    this.#log = options.log.with({ listener: options.name ?? 'fix' });
    this.#served = { ...options, log: this.#log };
    this.#tlsServer = options.tls === undefined ? undefined : this.#createTlsServer(options.tls);
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#take(socket),
    );
  }

  get pendingHandshakes(): number {
    return this.#arrivals.size;
  }

  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? new PortInUse(host, port) : error);
      });
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#log.error('acceptor failed', { err: error }));
        const address = this.#server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  reloadCertificates(): void {
    const { tls } = this.#options;
    if (tls === undefined || this.#tlsServer === undefined) return;
    try {
      this.#tlsServer.setSecureContext(contextOf(this.#read(tls)));
      this.#log.info('certificates read again', { certFile: tls.certFile });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error('certificates not replaced: the ones before are still served', { reason });
    }
  }

  #createTlsServer(tls: TlsSettings): TlsServer {
    const server = createTlsServer({
      ...contextOf(this.#read(tls)),
      requestCert: tls.caFile !== undefined,
      // Judged when the handshake is done: then the log can say whose certificate it was and what is wrong with it.
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket) => this.#secured(socket, tls));
    server.on('tlsClientError', (error, socket) => {
      const arrival = this.#arrivals.get(endpointOf(socket));
      if (arrival !== undefined) this.#refuse(arrival, `TLS handshake failed: ${handshakeFault(error)}`);
    });
    return server;
  }

  #read(tls: TlsSettings): TlsMaterial {
    const material = readTlsFiles(tls);
    const { validFrom, validTo } = material;
    const now = this.#options.clock.now();
    if (now < validFrom || now > validTo) {
      const period = {
        validFrom: new Date(validFrom).toISOString(),
        validTo: new Date(validTo).toISOString(),
      };
      this.#log.warn('the certificate does not hold now: members will refuse it', period);
    }
    return material;
  }

  #take(socket: Socket): void {
    const { trustedProxies } = this.#options;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const remoteAddress = addressAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    const arrival: Arrival = {
      socket,
      remoteAddress,
      hasSpoken: false,
      isRefused: false,
      cancelTimer: () => {},
    };
    if (trustedProxies === undefined && this.#tlsServer === undefined) {
      serveConnection(socket, { remoteAddress, certificateSubject: undefined }, this.#served);
      return;
    }
    // Until it is served, a broken socket is one that has closed.
    socket.on('error', () => {});
    if (socket.remoteAddress === undefined) {
      socket.destroy();
    } else if (trustedProxies !== undefined && !trustedProxies.matches(remoteAddress)) {
      this.#refuse(arrival, 'its address is not in trustedProxies');
    } else if (this.#hasRoom(arrival)) {
      this.#await(arrival);
      if (trustedProxies === undefined) this.#expectTls(arrival);
      else this.#expectProxyHeader(arrival);
    }
  }

  /** Refuses the arrival, or an older one of a network that has more of them, when there are too many. */
  #hasRoom(arrival: Arrival): boolean {
    const pendingCount = this.#arrivals.size;
    if (pendingCount < this.#limits.maxPendingHandshakes) return true;
    const networks = Array.from(this.#arrivals.values(), (one) => [one, placeOf(one)] as const);
    const oldest = oldestOfLargest(networks, placeOf(arrival));
    if (oldest !== undefined) this.#drop(oldest);
    this.#refuse(oldest ?? arrival, `${pendingCount} connections have not finished their handshake`);
    return oldest !== undefined;
  }

  /** The arrival counts no more, whatever becomes of its socket. */
  #drop(arrival: Arrival): void {
    arrival.cancelTimer();
    this.#arrivals.delete(endpointOf(arrival.socket));
  }

  /** Counts the arrival until it is served or gone. */
  #await(arrival: Arrival): void {
    const { socket } = arrival;
    const endpoint = endpointOf(socket);
    this.#arrivals.set(endpoint, arrival);
    socket.once('end', () => {
      if (this.#arrivals.get(endpoint) === arrival) this.#refuse(arrival, 'it ended before FIX began');
    });
    socket.once('close', () => {
      if (this.#arrivals.get(endpoint) !== arrival) return;
      this.#arrivals.delete(endpoint);
      arrival.cancelTimer();
      this.#refuse(arrival, 'it broke off before FIX began');
    });
  }

  #expectProxyHeader(arrival: Arrival): void {
    const { socket } = arrival;
    let received = Buffer.alloc(0);
    this.#allow(arrival, this.#limits.proxyHeaderTimeoutMs, 'no PROXY protocol header');
    read(arrival, (bytes) => {
      received = Buffer.concat([received, bytes]);
      const header = readProxyHeader(received);
      if (header.type === 'Incomplete') return;
      if (header.type === 'Refused') {
        this.#refuse(arrival, header.reason);
        return;
      }
      handBack(socket, received.subarray(header.byteCount));
      // Health checks of a load balancer are a header and nothing more.
      arrival.hasSpoken = false;
      if (header.source !== undefined) {
        arrival.remoteAddress = addressAndPort(header.source.host, header.source.port);
      }
      if (this.#tlsServer === undefined) this.#serve(arrival, socket, undefined);
      else this.#expectTls(arrival);
    });
  }

  #expectTls(arrival: Arrival): void {
    const { socket } = arrival;
    this.#allow(arrival, this.#limits.tlsHandshakeTimeoutMs, 'no TLS handshake');
    // The first byte is looked at here, since the TLS server would only say that something is wrong with it.
    read(arrival, (bytes) => {
      if (bytes[0] !== TLS_HANDSHAKE) {
        this.#refuse(arrival, `${bytes[0] === FIX_BEGIN ? 'plain FIX' : 'not TLS'} on a listener with tls`);
        return;
      }
      handBack(socket, bytes);
      // The encrypted socket takes this over: a client that ends within its handshake has nothing more to be told.
      socket.allowHalfOpen = false;
      this.#tlsServer?.emit('connection', socket);
    });
  }

  #secured(socket: TLSSocket, tls: TlsSettings): void {
    const arrival = this.#arrivals.get(endpointOf(socket));
    if (arrival === undefined) {
      socket.destroy();
      return;
    }
    const isShown = socket.getPeerX509Certificate() !== undefined;
    if (isShown && !socket.authorized) {
      this.#refuse(arrival, `its certificate is not accepted: ${socket.authorizationError}`);
    } else if (!isShown && tls.requireClientCert) {
      this.#refuse(arrival, 'it shows no certificate');
    } else {
      this.#serve(arrival, socket, certificateSubject(socket));
    }
  }

  #serve(arrival: Arrival, socket: Socket, subject: string | undefined): void {
    const { remoteAddress } = arrival;
    arrival.cancelTimer();
    socket.allowHalfOpen = true;
    this.#arrivals.delete(endpointOf(arrival.socket));
    serveConnection(socket, { remoteAddress, certificateSubject: subject }, this.#served);
  }

  /** Sets the time for one step of the arrival. */
  #allow(arrival: Arrival, timeoutMs: number, reason: string): void {
    arrival.cancelTimer();
    arrival.cancelTimer = this.#options.clock.after(timeoutMs, () => {
      this.#refuse(arrival, `${reason} within ${timeoutMs} ms`);
    });
  }

  #refuse(arrival: Arrival, reason: string): void {
    if (arrival.isRefused) return;
    arrival.isRefused = true;
    const { socket, remoteAddress, hasSpoken } = arrival;
    // Load balancers and monitors open ports and say nothing: no line that an operator must look at.
    const isProbe = !hasSpoken && (socket.readableEnded || socket.destroyed);
    this.#log[isProbe ? 'debug' : 'warn']('connection refused', { remoteAddress, reason });
    socket.destroy();
  }
}

/** Bytes of the socket, until the first of {@link handBack} and its end. */
function read(arrival: Arrival, onBytes: (bytes: Buffer) => void): void {
  arrival.socket.on('data', (bytes) => {
    if (typeof bytes === 'string') return;
    arrival.hasSpoken = true;
    onBytes(bytes);
  });
  arrival.socket.resume();
}

/** Stops reading; the next reader begins with `rest`. */
function handBack(socket: Socket, rest: Buffer): void {
  socket.removeAllListeners('data');
  socket.pause();
  if (rest.length > 0) socket.unshift(rest);
}

function contextOf({ cert, key, ca, minVersion }: TlsMaterial): SecureContextOptions {
  // Without resumption the certificate of every connection is judged by the authorities of today.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  return { cert, key, ...(ca === undefined ? {} : { ca }), minVersion, secureOptions };
}

/** The network that an arrival counts for. */
function placeOf({ remoteAddress }: Arrival): string {
  return networkOf(hostOf(remoteAddress));
}

/** Unique among the open sockets of a listener. */
function endpointOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

/** `ERR_SSL_…` without what OpenSSL adds for its own developers. */
function handshakeFault(error: Error): string {
  const { code, reason } = error as Error & { readonly code?: string; readonly reason?: string };
  return reason ?? code ?? error.message;
}
