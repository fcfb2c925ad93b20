/**
 * What the venue's name and the names below it stand for: a zone of its own, whose records follow from the gateways of
 * the moment. Pure; which bytes say so is responder.ts.
 */
import { isIP } from 'node:net';
import type { Answer } from 'dns-packet';
import { type GatewayList, type GatewayRoom, leastLoaded, weightsOf } from './gateways.ts';
import type { DnsLimits } from './limits.ts';
import type { Question } from './query.ts';

/** A node with the role `dns`. */
export interface NameServer {
  /** Name of the node. */
  readonly name: string;
  /** Where resolvers reach it. */
  readonly addresses: readonly string[];
}

/** What the operator says about the zone. */
export interface ZoneTerms {
  /** The venue's name, `fix.venue.example`. */
  readonly name: string;
  /** In front of the name in SRV questions: `_fix._tcp`. */
  readonly service: string;
  /** How long an answer may be kept, seconds. */
  readonly ttlSeconds: number;
  /** All of the zone, this one included; the NS records. At least one. */
  readonly nameServers: readonly NameServer[];
}

/** What is known about a name and a type. */
export type Found =
  | { readonly type: 'Records'; readonly answers: readonly Answer[]; readonly additionals: readonly Answer[] }
  /** The name is there, and has no record of this type now. */
  | { readonly type: 'NoData' }
  | { readonly type: 'NoName' }
  /** It depends on the gateways, of which nothing has been heard for too long. */
  | { readonly type: 'NotKnown' }
  /** Not a name of this zone, or something that is not told to anybody. */
  | { readonly type: 'Foreign' };

/** TYPEs that a question may have, by number. */
const TYPE = {
  A: 1,
  NS: 2,
  SOA: 6,
  AAAA: 28,
  SRV: 33,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
};
const CLASS_IN = 1;
const TRANSFERS: ReadonlySet<number> = new Set([TYPE.IXFR, TYPE.AXFR, TYPE.MAILB, TYPE.MAILA]);
const MAX_LABEL_CHARACTERS = 63;
/** For secondary servers, of which there are none: nothing of the zone is transferred. */
const SOA_TIMES = { serial: 1, refresh: 3_600, retry: 600, expire: 86_400 };

/** How a node is called below the venue's name: `engine_1.a` is `engine-1-a`. */
export function hostLabel(nodeName: string): string {
  const label = nodeName.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return label.slice(0, MAX_LABEL_CHARACTERS).replace(/-+$/, '');
}

/** The records of one zone. */
export class Zone {
  readonly #terms: ZoneTerms;
  readonly #limits: Pick<DnsLimits, 'maxDnsAnswers' | 'dnsStaleAfterMs'>;
  readonly #random: () => number;
  readonly #key: string;
  /** The service's own name and those between it and the venue's, which are there but empty. */
  readonly #serviceKey: string;
  readonly #emptyKeys: ReadonlySet<string>;

  constructor(
    terms: ZoneTerms,
    limits: Pick<DnsLimits, 'maxDnsAnswers' | 'dnsStaleAfterMs'>,
    random: () => number,
  ) {
    this.#terms = terms;
    this.#limits = limits;
    this.#random = random;
    this.#key = terms.name.toLowerCase();
    const labels = terms.service.toLowerCase().split('.');
    this.#serviceKey = [...labels, this.#key].join('.');
    this.#emptyKeys = new Set(labels.slice(1).map((_, index) => below(labels.slice(index + 1), this.#key)));
  }

  /** The zone's SOA, which negative answers carry. */
  get soa(): Answer {
    const { name, ttlSeconds } = this.#terms;
    const data = {
      mname: this.#hostName(hostLabel(this.#terms.nameServers[0]?.name ?? '')),
      rname: `hostmaster.${name}`,
      ...SOA_TIMES,
      minimum: ttlSeconds,
    };
    return { type: 'SOA', name, ttl: ttlSeconds, data };
  }

  /** What the question's name and type stand for with these gateways. */
  find(question: Question, gateways: GatewayList): Found {
    if (question.class !== CLASS_IN || TRANSFERS.has(question.type)) return { type: 'Foreign' };
    if (question.key === this.#key) return this.#apex(question, gateways);
    if (!question.key.endsWith(`.${this.#key}`)) return { type: 'Foreign' };
    if (question.key === this.#serviceKey) return this.#service(question, gateways);
    if (this.#emptyKeys.has(question.key)) return anyOrNoData(question);
    return this.#host(question, gateways);
  }

  #apex(question: Question, gateways: GatewayList): Found {
    const { name, type } = question;
    if (type === TYPE.SOA) return records([{ ...this.soa, name }]);
    if (type === TYPE.NS) return this.#nameServers(name);
    if (type !== TYPE.A && type !== TYPE.AAAA) return anyOrNoData(question);
    if (this.#isStale(gateways)) return { type: 'NotKnown' };
    const family = familyOf(type);
    const reachable = gateways.rooms.filter(({ addresses }) => addresses.some((one) => isIP(one) === family));
    const chosen = leastLoaded(reachable, this.#limits.maxDnsAnswers, this.#random);
    return this.#addresses(
      question,
      chosen.flatMap(({ addresses }) => addresses),
    );
  }

  #nameServers(name: string): Found {
    const { nameServers, ttlSeconds } = this.#terms;
    const answers = nameServers.map((server): Answer => {
      return { type: 'NS', name, ttl: ttlSeconds, data: this.#hostName(hostLabel(server.name)) };
    });
    const glue = nameServers.flatMap((server) => this.#hostRecords(hostLabel(server.name), server.addresses));
    return records(answers, glue);
  }

  #service(question: Question, gateways: GatewayList): Found {
    if (question.type !== TYPE.SRV) return anyOrNoData(question);
    if (this.#isStale(gateways)) return { type: 'NotKnown' };
    const hosts = this.#hosts(gateways);
    const named = gateways.rooms.filter(({ name }) => hosts.get(hostLabel(name))?.nodeName === name);
    const chosen = leastLoaded(named, this.#limits.maxDnsAnswers, this.#random);
    if (chosen.length === 0) return { type: 'NoData' };
    const weights = weightsOf(chosen);
    const answers = chosen.map(({ name, port }, index): Answer => {
      const data = {
        priority: 0,
        weight: weights[index] ?? 1,
        port,
        target: this.#hostName(hostLabel(name)),
      };
      return { type: 'SRV', name: question.name, ttl: this.#terms.ttlSeconds, data };
    });
    return records(
      answers,
      chosen.flatMap(({ name, addresses }) => this.#hostRecords(hostLabel(name), addresses)),
    );
  }

  /** A node by its own name: all that are known, since a member may have been sent there a moment ago. */
  #host(question: Question, gateways: GatewayList): Found {
    const label = question.key.slice(0, -this.#key.length - 1);
    const host = this.#hosts(gateways).get(label);
    if (this.#isStale(gateways) && host?.isNameServer !== true) return { type: 'NotKnown' };
    if (host === undefined) return { type: 'NoName' };
    if (question.type !== TYPE.A && question.type !== TYPE.AAAA) return anyOrNoData(question);
    return this.#addresses(question, [...host.addresses]);
  }

  /** By label. Of two nodes that come to the same one, the name servers and then the first by name has it. */
  #hosts({ rooms }: GatewayList): ReadonlyMap<string, Host> {
    const hosts = new Map<string, Host>();
    const add = ({ name, addresses }: NameServer | GatewayRoom, isNameServer: boolean): void => {
      const known = hosts.get(hostLabel(name));
      if (known === undefined) {
        hosts.set(hostLabel(name), { nodeName: name, addresses: new Set(addresses), isNameServer });
      } else if (known.nodeName === name) {
        for (const address of addresses) known.addresses.add(address);
      }
    };
    for (const server of this.#terms.nameServers) add(server, true);
    for (const room of [...rooms].sort((a, b) => (a.name < b.name ? -1 : 1))) add(room, false);
    return hosts;
  }

  #addresses({ name, type }: Question, addresses: readonly string[]): Found {
    const answers = addressRecords(name, this.#terms.ttlSeconds, addresses).filter(
      (record) => (record.type === 'A') === (type === TYPE.A),
    );
    return answers.length === 0 ? { type: 'NoData' } : records(answers);
  }

  #hostRecords(label: string, addresses: readonly string[]): Answer[] {
    return addressRecords(this.#hostName(label), this.#terms.ttlSeconds, addresses);
  }

  #hostName(label: string): string {
    return `${label}.${this.#terms.name}`;
  }

  #isStale({ ageMs }: GatewayList): boolean {
    return ageMs > this.#limits.dnsStaleAfterMs;
  }
}

interface Host {
  readonly nodeName: string;
  readonly addresses: Set<string>;
  readonly isNameServer: boolean;
}

function below(labels: readonly string[], key: string): string {
  return [...labels, key].join('.');
}

function familyOf(type: number): number {
  return type === TYPE.A ? 4 : 6;
}

function addressRecords(name: string, ttl: number, addresses: readonly string[]): Answer[] {
  return [...new Set(addresses)].flatMap((data): Answer[] => {
    const family = isIP(data);
    return family === 0 ? [] : [{ type: family === 4 ? 'A' : 'AAAA', name, ttl, data }];
  });
}

function records(answers: readonly Answer[], additionals: readonly Answer[] = []): Found {
  return { type: 'Records', answers, additionals };
}

/** ANY is answered with as little as there can be (RFC 8482): all records would be an amplifier's joy. */
function anyOrNoData({ name, type }: Question): Found {
  if (type !== TYPE.ANY) return { type: 'NoData' };
  return records([{ type: 'HINFO', name, ttl: 3_600, data: { cpu: 'RFC8482', os: '' } }]);
}
