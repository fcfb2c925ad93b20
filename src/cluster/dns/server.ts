/** The DNS responder on its ports: the same number for UDP and TCP. */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { GatewayList } from './gateways.ts';
import type { DnsLimits } from './limits.ts';
import { type DnsCounts, DnsResponder } from './responder.ts';
import { listenTcp } from './tcp.ts';
import { type DnsPort, listenUdp } from './udp.ts';
import { Zone, type ZoneTerms } from './zone.ts';

export interface DnsServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly zone: ZoneTerms;
  /** The gateways of the moment; asked for every query, so it must be at hand. */
  readonly gateways: () => GatewayList;
  readonly limits: DnsLimits;
  readonly clock: Pick<Clock, 'after'>;
  /** In [0, 1); for the order of gateways with the same load. */
  readonly random: () => number;
  readonly log: Log;
}

export interface DnsServer {
  /** Of UDP and TCP. */
  readonly port: number;
  counts(): DnsCounts;
  /** Answers nothing more, and cuts TCP connections. */
  close(): Promise<void>;
}

/** The port of the DNS responder is taken, or not for this user: below 1024 it needs CAP_NET_BIND_SERVICE. */
export class DnsPortUnavailable extends Error {
  override readonly name = 'DnsPortUnavailable';

  constructor({ host, port }: Pick<DnsServerOptions, 'host' | 'port'>, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the DNS responder cannot listen on ${host}:${port}: ${reason}`, { cause });
  }
}

/** A port that the system chose for UDP may be taken for TCP. */
const MAX_PORT_TRIES = 20;

/** Begins to answer on both. Rejects with {@link DnsPortUnavailable}. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { limits, gateways, log } = options;
  const zone = new Zone(options.zone, limits, options.random);
  const responder = new DnsResponder({ zone, gateways, limits });
  const [udp, tcp] = await bothPorts(options, responder);
  log.info('answering DNS', { name: options.zone.name, host: options.host, port: udp.port });
  return {
    port: udp.port,
    counts: () => responder.counts(),
    async close() {
      await Promise.all([udp.close(), tcp.close()]);
    },
  };
}

async function bothPorts(
  options: DnsServerOptions,
  responder: DnsResponder,
): Promise<readonly [DnsPort, DnsPort]> {
  const { host, port, log, clock, limits } = options;
  for (let tries = 1; ; tries += 1) {
    const udp = await listenUdp({ host, port, responder, log }).catch((error: unknown) => {
      throw new DnsPortUnavailable(options, error);
    });
    try {
      return [udp, await listenTcp({ host, port: udp.port, responder, log, clock, limits })];
    } catch (error) {
      await udp.close();
      if (port !== 0 || tries === MAX_PORT_TRIES) throw new DnsPortUnavailable(options, error);
    }
  }
}
