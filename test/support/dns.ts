/** Queries of resolvers as bytes, and gateways to be asked about. */
import { type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType } from 'dns-packet';
import type { GatewayList, GatewayRoom } from '../../src/cluster/dns/gateways.ts';
import { DEFAULT_DNS_LIMITS, type DnsLimits } from '../../src/cluster/dns/limits.ts';
import { DnsResponder, type DnsTransport } from '../../src/cluster/dns/responder.ts';
import { Zone, type ZoneTerms } from '../../src/cluster/dns/zone.ts';
import { randomFrom } from './random.ts';

/** The zone of the tests, with two name servers. */
export const ZONE: ZoneTerms = {
  name: 'fix.venue.example',
  service: '_fix._tcp',
  ttlSeconds: 2,
  nameServers: [
    { name: 'dns-1', addresses: ['192.0.2.53'] },
    { name: 'dns-2', addresses: ['192.0.2.54', '2001:db8::54'] },
  ],
};

/** A gateway that is ready and empty, with room for 10, and what is different about it. */
export function gateway(name: string, terms: Partial<GatewayRoom> = {}): GatewayRoom {
  const addresses = ['192.0.2.1'];
  return { name, addresses, port: 9880, isReady: true, connections: 0, maxConnections: 10, ...terms };
}

/** What can be said with a question besides its name and type. */
export interface Asking {
  readonly class?: 'IN' | 'CH' | 'ANY';
  readonly transport?: DnsTransport;
  /** The UDP size that it offers by EDNS; without it there is no EDNS. */
  readonly udpPayloadSize?: number;
  readonly ednsVersion?: number;
}

/** A decoded answer, with its RCODE as a word. */
export type Told = DecodedPacket & { readonly rcode: string; readonly byteCount: number };

/** The bytes of a query. */
export function queryOf(name: string, type: string, asking: Asking = {}): Buffer {
  const { udpPayloadSize, ednsVersion = 0 } = asking;
  const edns: Answer[] =
    udpPayloadSize === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize,
            extendedRcode: 0,
            ednsVersion,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ];
  const packet: Packet = {
    type: 'query',
    id: 4711,
    flags: 0x0100,
    questions: [{ name, type: type as RecordType, class: asking.class ?? 'IN' }],
    additionals: edns,
  };
  return encode(packet);
}

/** A responder over gateways that a test sets, without sockets. */
export class AskedResponder {
  /** What the database said last. */
  list: GatewayList;
  readonly responder: DnsResponder;

  constructor(
    rooms: readonly GatewayRoom[],
    limits: Partial<DnsLimits> = {},
    zone: ZoneTerms = ZONE,
    seed = 1,
  ) {
    this.list = { rooms, ageMs: 0 };
    const all = { ...DEFAULT_DNS_LIMITS, ...limits };
    const random = randomFrom(seed);
    this.responder = new DnsResponder({
      zone: new Zone(zone, all, () => random.next()),
      gateways: () => this.list,
      limits: all,
    });
  }

  /** The answer to a question; throws when there is none. */
  ask(name: string, type: string, asking: Asking = {}): Told {
    const bytes = this.responder.answer(queryOf(name, type, asking), asking.transport ?? 'udp');
    if (bytes === undefined) throw new Error(`no answer about ${name} ${type}`);
    return { ...decoded(bytes), byteCount: bytes.length };
  }

  /** The addresses, or other data, of an answer. */
  data(name: string, type: string, asking: Asking = {}): unknown[] {
    return (this.ask(name, type, asking).answers ?? []).map(dataOf);
  }
}

/** What a record says. */
export function dataOf(record: Answer): unknown {
  return 'data' in record ? record.data : undefined;
}

/** The library decodes the RCODE, and its types do not say so. */
export function decoded(bytes: Buffer): DecodedPacket & { readonly rcode: string } {
  return decode(bytes) as DecodedPacket & { readonly rcode: string };
}
