/**
 * The DNS server without its sockets: bytes of a query in, bytes of the answer out. It answers for one zone, asks
 * nobody, and gives strangers who ask for other names no more than they sent.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  encode,
  type OptAnswer,
  type Packet,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { GatewayList } from './gateways.ts';
import type { DnsLimits } from './limits.ts';
import { type Query, RCODE, readQuery } from './query.ts';
import type { Found, Zone } from './zone.ts';

/** How a query came; UDP bounds the answer's length. */
export type DnsTransport = 'udp' | 'tcp';

/** What was asked so far. */
export interface DnsCounts {
  /** Packets that came. */
  readonly received: number;
  /** Answers by RCODE. */
  readonly answered: ReadonlyMap<number, number>;
  /** Packets that were no query, and got no answer. */
  readonly malformed: number;
  /** Answers that said to ask again over TCP. */
  readonly truncated: number;
}

export interface DnsResponderOptions {
  readonly zone: Zone;
  /** The gateways of the moment. */
  readonly gateways: () => GatewayList;
  readonly limits: Pick<DnsLimits, 'maxDnsQueryBytes' | 'maxDnsUdpBytes'>;
}

/** What an answer without EDNS may have over UDP (RFC 1035). */
const PLAIN_UDP_BYTES = 512;
const MAX_TCP_BYTES = 65_535;
const HEADER_BYTES = 12;

/** Everything of an answer but its header's id and question. */
interface Reply {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
}

/** Answers queries. */
export class DnsResponder {
  readonly #options: DnsResponderOptions;
  readonly #answered = new Map<number, number>();
  #received = 0;
  #malformed = 0;
  #truncated = 0;

  constructor(options: DnsResponderOptions) {
    this.#options = options;
  }

  /** The answer; undefined when there must be none. Never throws, whatever came. */
  answer(bytes: Buffer, transport: DnsTransport): Buffer | undefined {
    this.#received += 1;
    const read = readQuery(bytes, this.#options.limits.maxDnsQueryBytes);
    switch (read.type) {
      case 'Malformed':
        this.#malformed += 1;
        return undefined;
      case 'Unsupported':
        this.#count(read.rcode);
        return encode({ type: 'response', id: read.id, flags: read.bits | read.rcode });
      case 'Query':
        return this.#reply(read, transport);
    }
  }

  counts(): DnsCounts {
    return {
      received: this.#received,
      answered: new Map(this.#answered),
      malformed: this.#malformed,
      truncated: this.#truncated,
    };
  }

  #reply(query: Query, transport: DnsTransport): Buffer {
    const { zone, gateways } = this.#options;
    const isKnownVersion = query.edns === undefined || query.edns.version === 0;
    const reply = isKnownVersion
      ? replyTo(zone.find(query.question, gateways()), zone)
      : bare(RCODE.BadVers, false);
    this.#count(reply.rcode);
    const maxBytes = this.#maxBytes(query, transport);
    for (const shorter of [reply, { ...reply, additionals: [] }]) {
      const bytes = this.#encode(query, shorter, 0);
      if (bytes.length <= maxBytes) return bytes;
    }
    this.#truncated += 1;
    return this.#encode(query, bare(reply.rcode, reply.isAuthoritative), TRUNCATED_RESPONSE);
  }

  #maxBytes({ edns }: Query, transport: DnsTransport): number {
    if (transport === 'tcp') return MAX_TCP_BYTES;
    const { maxDnsUdpBytes } = this.#options.limits;
    return Math.max(PLAIN_UDP_BYTES, Math.min(edns?.udpPayloadSize ?? 0, maxDnsUdpBytes));
  }

  #encode(query: Query, reply: Reply, truncated: number): Buffer {
    const authoritative = reply.isAuthoritative ? AUTHORITATIVE_ANSWER : 0;
    const packet: Packet = {
      type: 'response',
      id: query.id,
      flags: query.bits | authoritative | truncated | (reply.rcode & 0x0f),
      answers: [...reply.answers],
      authorities: [...reply.authorities],
      additionals: [...reply.additionals, ...this.#ownEdns(query, reply.rcode)],
    };
    const encoded = encode(packet);
    // The library writes no compressed names, so that the rest may move by the question's length.
    encoded.writeUInt16BE(1, 4);
    const rest = encoded.subarray(HEADER_BYTES);
    return Buffer.concat([encoded.subarray(0, HEADER_BYTES), query.question.bytes, rest]);
  }

  /** Whoever knows EDNS is told what this server takes. */
  #ownEdns({ edns }: Query, rcode: number): OptAnswer[] {
    if (edns === undefined) return [];
    const udpPayloadSize = this.#options.limits.maxDnsUdpBytes;
    const rest = { ednsVersion: 0, flags: 0, flag_do: false, options: [] };
    return [{ type: 'OPT', name: '.', udpPayloadSize, extendedRcode: rcode >> 4, ...rest }];
  }

  #count(rcode: number): void {
    this.#answered.set(rcode, (this.#answered.get(rcode) ?? 0) + 1);
  }
}

function replyTo(found: Found, zone: Zone): Reply {
  switch (found.type) {
    case 'Records':
      return { ...bare(RCODE.NoError, true), answers: found.answers, additionals: found.additionals };
    case 'NoData':
      return { ...bare(RCODE.NoError, true), authorities: [zone.soa] };
    case 'NoName':
      return { ...bare(RCODE.NxDomain, true), authorities: [zone.soa] };
    case 'NotKnown':
      return bare(RCODE.ServFail, false);
    case 'Foreign':
      return bare(RCODE.Refused, false);
  }
}

function bare(rcode: number, isAuthoritative: boolean): Reply {
  return { rcode, isAuthoritative, answers: [], authorities: [], additionals: [] };
}
