/**
 * All ports of one node that members connect to. They feed one gateway, since a member has one session wherever it
 * connects, and they are opened together or not at all.
 */
import { type AddressMatcher, parseAddressPatterns } from '../platform/addresses.ts';
import { assert } from '../platform/assert.ts';
import { type Acceptor, type ListenerLimits, startAcceptor } from './acceptor.ts';
import type { ConnectionOptions } from './socket-connection.ts';
import type { TlsSettings } from './tls.ts';

/** One of the ports, checked. */
export interface ListenerSettings {
  readonly name: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls: TlsSettings | undefined;
  /** Patterns of the load balancers that connect, with the PROXY protocol; undefined: members connect themselves. */
  readonly trustedProxies: readonly string[] | undefined;
}

/** A port as it is served, for people. */
export interface ServedListener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'server' | 'client certificates';
  readonly proxyProtocol: boolean;
}

/** The open ports. */
export interface Listeners {
  /** In the order of the settings. */
  readonly served: readonly ServedListener[];
  /** Reads all certificates again; each listener keeps what it has when the new files are bad. */
  reloadCertificates(): void;
  /** Connections of the listener that has most whose header or handshake is not finished. */
  mostPendingHandshakes(): number;
  /** Closes the ports and all connections. */
  close(): Promise<void>;
}

/** Opens the ports. Rejects as `startAcceptor` does, and then none is open. */
export async function startListeners(
  settings: readonly ListenerSettings[],
  options: ConnectionOptions & { readonly limits?: Partial<ListenerLimits> },
): Promise<Listeners> {
  const acceptors: Acceptor[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(acceptors.map((acceptor) => acceptor.close()));
  };
  const served: ServedListener[] = [];
  try {
    for (const listener of settings) {
      const { name, host, port, tls } = listener;
      const trustedProxies = listener.trustedProxies && trusted(listener.trustedProxies);
      const acceptor = await startAcceptor({ ...options, name, host, port, tls, trustedProxies });
      acceptors.push(acceptor);
      served.push(servedOf(listener, acceptor.port));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    served,
    reloadCertificates() {
      for (const acceptor of acceptors) acceptor.reloadCertificates();
    },
    mostPendingHandshakes: () => Math.max(0, ...acceptors.map((acceptor) => acceptor.pendingHandshakes())),
    close,
  };
}

function trusted(patterns: readonly string[]): AddressMatcher {
  const matcher = parseAddressPatterns(patterns);
  assert(typeof matcher !== 'string', `trustedProxies was checked, and yet ${matcher}`);
  return matcher;
}

function servedOf({ name, host, tls, trustedProxies }: ListenerSettings, port: number): ServedListener {
  const kind = tls === undefined ? 'none' : tls.caFile === undefined ? 'server' : 'client certificates';
  return { name, host, port, tls: kind, proxyProtocol: trustedProxies !== undefined };
}
