/** The venue's name as resolvers see it, packet by packet. */

import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { AskedResponder, dataOf, decoded, gateway, queryOf, ZONE } from '../../support/dns.ts';

const NAME = ZONE.name;
const SERVICE = `_fix._tcp.${NAME}`;

/** Ten gateways with two addresses each: more than 512 bytes can say. */
function manyGateways() {
  return Array.from({ length: 10 }, (_, index) =>
    gateway(`gateway-${index}`, {
      addresses: [`192.0.2.${index + 1}`, `2001:db8::${index + 1}`],
      connections: index,
      maxConnections: 100,
    }),
  );
}

describe('The venue’s name', () => {
  it('stands for the gateways that are ready and have room, the least loaded first', () => {
    const asked = new AskedResponder([
      gateway('half-full', { addresses: ['192.0.2.1'], connections: 5 }),
      gateway('small', { addresses: ['192.0.2.2'], connections: 1, maxConnections: 2 + 1 }),
      gateway('large', { addresses: ['192.0.2.3', '2001:db8::3'], connections: 10, maxConnections: 100 }),
      gateway('full', { addresses: ['192.0.2.4'], connections: 10 }),
      gateway('starting', { addresses: ['192.0.2.5'], isReady: false }),
      gateway('closed', { addresses: ['192.0.2.6'], maxConnections: 0 }),
    ]);
    const told = asked.ask(NAME, 'A');
    expect(told).to.include({
      rcode: 'NOERROR',
      flag_aa: true,
      flag_tc: false,
      flag_rd: true,
      flag_ra: false,
    });
    expect(told.answers?.map(dataOf)).to.deep.equal(['192.0.2.3', '192.0.2.2', '192.0.2.1']);
    expect(told.answers?.map((record) => 'ttl' in record && record.ttl)).to.deep.equal([2, 2, 2]);
    expect(asked.data(NAME, 'AAAA')).to.deep.equal(['2001:db8::3']);
  });

  it('stands for a few of many gateways, and counts only those of the address family asked for', () => {
    const asked = new AskedResponder([
      gateway('only-6', { addresses: ['2001:db8::9'] }),
      ...manyGateways().map((room) => ({ ...room, connections: room.connections + 1 })),
    ]);
    expect(asked.data(NAME, 'A')).to.deep.equal(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']);
    expect(asked.data(NAME, 'AAAA')).to.have.lengthOf(4).and.include('2001:db8::9');
    expect(new AskedResponder(manyGateways(), { maxDnsAnswers: 1 }).data(NAME, 'A')).to.have.lengthOf(1);
  });

  it('gives gateways with the same load the same share, and a seed the same order', () => {
    const equal = [1, 2, 3].map((no) => gateway(`gateway-${no}`, { addresses: [`192.0.2.${no}`] }));
    const firsts = (seed: number): unknown[] => {
      const asked = new AskedResponder(equal, {}, ZONE, seed);
      return Array.from({ length: 300 }, () => asked.data(NAME, 'A')[0]);
    };
    expect(firsts(7)).to.deep.equal(firsts(7));
    for (const { addresses } of equal) {
      expect(firsts(7).filter((first) => first === addresses[0]).length).to.be.within(60, 140);
    }
  });

  it('has no address twice, and none that is no address', () => {
    const asked = new AskedResponder([
      gateway('gateway-1', { addresses: ['192.0.2.1', 'not-an-address'] }),
      gateway('gateway-2', { addresses: ['192.0.2.1'] }),
    ]);
    expect(asked.data(NAME, 'A')).to.deep.equal(['192.0.2.1']);
  });

  it('is there without an address while no gateway has room, which may be kept as briefly as an address', () => {
    const told = new AskedResponder([gateway('full', { connections: 10 })]).ask(NAME, 'A');
    expect(told).to.deep.include({ rcode: 'NOERROR', flag_aa: true, answers: [] });
    expect(told.authorities).to.have.lengthOf(1);
    expect(told.authorities?.[0]).to.deep.include({ type: 'SOA', name: NAME, ttl: 2 });
    expect(told.authorities?.map(dataOf)[0]).to.deep.include({
      mname: `dns-1.${NAME}`,
      rname: `hostmaster.${NAME}`,
      minimum: 2,
    });
  });

  it('is not answered when nothing has been heard from the database for too long', () => {
    const asked = new AskedResponder([gateway('gateway-1')]);
    asked.list = { ...asked.list, ageMs: 10_000 };
    expect(asked.ask(NAME, 'A').rcode).to.equal('NOERROR');
    asked.list = { ...asked.list, ageMs: 10_001 };
    for (const [name, type] of [
      [NAME, 'A'],
      [NAME, 'AAAA'],
      [SERVICE, 'SRV'],
      [`gateway-1.${NAME}`, 'A'],
      [`gateway-2.${NAME}`, 'A'],
    ] as const) {
      expect(asked.ask(name, type), `${name} ${type}`).to.deep.include({ rcode: 'SERVFAIL', answers: [] });
    }
    expect(asked.ask(NAME, 'NS').rcode).to.equal('NOERROR');
    expect(asked.data(`dns-1.${NAME}`, 'A')).to.deep.equal(['192.0.2.53']);
  });

  it('comes back as it was written, since resolvers check each letter', () => {
    const asked = new AskedResponder([gateway('gateway-1')]);
    const told = asked.ask('fIx.VeNuE.eXaMpLe', 'A');
    expect(told.questions?.[0]?.name).to.equal('fIx.VeNuE.eXaMpLe');
    expect(told.answers?.[0]).to.deep.include({ name: 'fIx.VeNuE.eXaMpLe', data: '192.0.2.1' });
    expect(asked.ask('_FIX._tcp.FIX.venue.example', 'SRV').answers).to.have.lengthOf(1);
  });

  it('is a zone: with NS, SOA, and the addresses of its name servers', () => {
    const asked = new AskedResponder([]);
    const told = asked.ask(NAME, 'NS');
    expect(told.answers?.map(dataOf)).to.deep.equal([`dns-1.${NAME}`, `dns-2.${NAME}`]);
    expect(told.additionals?.map(dataOf)).to.deep.equal(['192.0.2.53', '192.0.2.54', '2001:db8::54']);
    expect(asked.ask(NAME, 'SOA').answers?.[0]).to.deep.include({ type: 'SOA', name: NAME });
    expect(asked.data(`dns-2.${NAME}`, 'AAAA')).to.deep.equal(['2001:db8::54']);
  });
});

describe('The venue’s service', () => {
  it('has a record for each gateway: its port, weighted by its room, and its addresses at once', () => {
    const told = new AskedResponder([
      gateway('gateway-1', { addresses: ['192.0.2.1'], port: 9881, connections: 75, maxConnections: 100 }),
      gateway('gateway-2', { addresses: ['192.0.2.2', '2001:db8::2'], maxConnections: 100 }),
      gateway('gateway-3', { addresses: ['192.0.2.3'], isReady: false }),
    ]).ask(SERVICE, 'SRV', { udpPayloadSize: 1_232 });
    expect(told.answers?.map(dataOf)).to.deep.equal([
      { priority: 0, weight: 1_000, port: 9880, target: `gateway-2.${NAME}` },
      { priority: 0, weight: 250, port: 9881, target: `gateway-1.${NAME}` },
    ]);
    const hosts = told.additionals?.filter(({ type }) => type !== 'OPT');
    expect(hosts?.map((record) => [record.name, dataOf(record)])).to.deep.equal([
      [`gateway-2.${NAME}`, '192.0.2.2'],
      [`gateway-2.${NAME}`, '2001:db8::2'],
      [`gateway-1.${NAME}`, '192.0.2.1'],
    ]);
  });

  it('names gateways whose own names are known too, full ones as well', () => {
    const asked = new AskedResponder([
      gateway('Gateway_1', { addresses: ['192.0.2.1'] }),
      gateway('gateway.1', { addresses: ['192.0.2.2'] }),
      gateway('full', { addresses: ['192.0.2.3'], connections: 10 }),
    ]);
    const targets = asked.data(SERVICE, 'SRV').map((data) => (data as { readonly target: string }).target);
    expect(targets, 'one name is one gateway').to.deep.equal([`gateway-1.${NAME}`]);
    expect(asked.data(`gateway-1.${NAME}`, 'A')).to.deep.equal(['192.0.2.1']);
    expect(asked.data(`full.${NAME}`, 'A')).to.deep.equal(['192.0.2.3']);
    expect(asked.ask(`full.${NAME}`, 'AAAA')).to.deep.include({ rcode: 'NOERROR', answers: [] });
  });

  it('has no record while no gateway has room', () => {
    expect(new AskedResponder([]).ask(SERVICE, 'SRV')).to.deep.include({ rcode: 'NOERROR', answers: [] });
  });
});

describe('A question', () => {
  const asked = new AskedResponder(manyGateways());

  for (const [name, type, rcode, authority] of [
    [`nobody.${NAME}`, 'A', 'NXDOMAIN', 'SOA'],
    [`a.gateway-1.${NAME}`, 'A', 'NXDOMAIN', 'SOA'],
    [`nobody.${NAME}`, 'ANY', 'NXDOMAIN', 'SOA'],
    [NAME, 'TXT', 'NOERROR', 'SOA'],
    [NAME, 'UNKNOWN_65', 'NOERROR', 'SOA'],
    [NAME, 'SRV', 'NOERROR', 'SOA'],
    [SERVICE, 'A', 'NOERROR', 'SOA'],
    [`_tcp.${NAME}`, 'SRV', 'NOERROR', 'SOA'],
    [`gateway-1.${NAME}`, 'MX', 'NOERROR', 'SOA'],
    [NAME, 'AXFR', 'REFUSED', undefined],
    [NAME, 'IXFR', 'REFUSED', undefined],
    ['venue.example', 'A', 'REFUSED', undefined],
    [`x${NAME}`, 'A', 'REFUSED', undefined],
    ['example.org', 'ANY', 'REFUSED', undefined],
    ['.', 'NS', 'REFUSED', undefined],
  ] as const) {
    it(`about ${name} ${type} gets ${rcode}${authority === undefined ? '' : ' with the SOA'}`, () => {
      const told = asked.ask(name, type);
      expect(told).to.deep.include({ rcode, answers: [], flag_aa: authority === 'SOA' });
      expect(told.authorities?.map((record) => record.type)).to.deep.equal(authority ? [authority] : []);
    });
  }

  it('of another class is refused', () => {
    for (const other of ['CH', 'ANY'] as const) {
      expect(asked.ask(NAME, 'A', { class: other })).to.deep.include({ rcode: 'REFUSED', answers: [] });
    }
  });

  it('about ANY gets one small record', () => {
    const told = asked.ask(NAME, 'ANY');
    expect(told.answers?.map(({ type }) => type)).to.deep.equal(['HINFO']);
    expect(told.byteCount).to.be.below(80);
  });

  it('about a foreign name gets no more bytes than it had, with EDNS too', () => {
    for (const edns of [{}, { udpPayloadSize: 4_096 }]) {
      const query = queryOf('a-rather-long.name.example.org', 'ANY', edns);
      expect(asked.responder.answer(query, 'udp')?.length).to.equal(query.length);
    }
  });

  it('whose labels contain dots is another name, and comes back byte for byte', () => {
    const query = queryOf('xfix.venue.example', 'A');
    // One label "fix.venue" instead of two.
    const whole = Buffer.from(`\x09fix.venue\x07example\0`, 'latin1');
    const dotted = Buffer.concat([query.subarray(0, 12), whole, query.subarray(query.length - 4)]);
    const answer = asked.responder.answer(dotted, 'udp') ?? Buffer.alloc(0);
    expect(decoded(answer).rcode).to.equal('REFUSED');
    expect(answer.subarray(12)).to.deep.equal(dotted.subarray(12));
  });
});

describe('An answer over UDP', () => {
  const all = { maxDnsAnswers: 10 };
  const asked = new AskedResponder(manyGateways(), all);

  it('without EDNS has up to 512 bytes, and does without the additional records first', () => {
    const few = new AskedResponder(manyGateways(), { maxDnsAnswers: 5 });
    const told = few.ask(SERVICE, 'SRV');
    expect(told).to.deep.include({ flag_tc: false, additionals: [] });
    expect(told.answers).to.have.lengthOf(5);
    expect(told.byteCount).to.be.within(300, 512);
    expect(few.ask(SERVICE, 'SRV', { udpPayloadSize: 1_232 }).additionals).to.have.lengthOf(11);
  });

  it('that does not fit says so, and TCP has it all', () => {
    const told = asked.ask(SERVICE, 'SRV');
    expect(told).to.deep.include({ rcode: 'NOERROR', flag_tc: true, flag_aa: true, answers: [] });
    const whole = asked.ask(SERVICE, 'SRV', { transport: 'tcp' });
    expect(whole).to.include({ flag_tc: false });
    expect(whole.answers).to.have.lengthOf(10);
    expect(whole.additionals).to.have.lengthOf(20);
    expect(asked.responder.counts().truncated).to.equal(1);
  });

  it('has as many bytes as the asker takes, and as pass every network', () => {
    expect(asked.ask(SERVICE, 'SRV', { udpPayloadSize: 65_535 }).byteCount).to.be.within(513, 1_232);
    const small = new AskedResponder(manyGateways(), { ...all, maxDnsUdpBytes: 600 });
    expect(small.ask(SERVICE, 'SRV', { udpPayloadSize: 65_535 })).to.include({ flag_tc: true });
    expect(
      asked.ask(NAME, 'A', { udpPayloadSize: 1 }).answers,
      'less than 512 counts as 512',
    ).to.have.lengthOf(10);
  });

  it('has an OPT record when the query had one, and none otherwise', () => {
    const [option] = asked.ask(NAME, 'A', { udpPayloadSize: 4_096 }).additionals ?? [];
    expect(option).to.deep.include({ type: 'OPT', name: '.', udpPayloadSize: 1_232, ednsVersion: 0 });
    expect(asked.ask(NAME, 'A').additionals).to.deep.equal([]);
  });

  it('to a later version of EDNS says which one is known', () => {
    const told = asked.ask(NAME, 'A', { udpPayloadSize: 4_096, ednsVersion: 1 });
    expect(told).to.deep.include({ rcode: 'NOERROR', answers: [] });
    expect(told.additionals?.[0]).to.deep.include({ type: 'OPT', extendedRcode: 1, ednsVersion: 0 });
  });
});

describe('A packet', () => {
  const query = queryOf(NAME, 'A', { udpPayloadSize: 1_232 });

  it('that is no query gets no answer, and is counted', () => {
    const { responder } = new AskedResponder([gateway('gateway-1')]);
    const packets = [
      Buffer.alloc(0),
      query.subarray(0, 11),
      query.subarray(0, 20),
      query.subarray(0, query.length - 3),
      encode({ type: 'response', id: 1, questions: [{ type: 'A', name: NAME }] }),
      Buffer.concat([query, Buffer.alloc(5_000)]),
      // A name that points at itself.
      Buffer.concat([query.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
    ];
    for (const packet of packets) expect(responder.answer(packet, 'udp')).to.equal(undefined);
    expect(responder.counts()).to.deep.equal({
      received: packets.length,
      answered: new Map(),
      malformed: packets.length,
      truncated: 0,
    });
  });

  it('with another opcode, no question, several, or two OPT records is told so in twelve bytes', () => {
    const { responder } = new AskedResponder([gateway('gateway-1')]);
    const altered = (change: (bytes: Buffer) => void): Buffer => {
      const bytes = Buffer.from(query);
      change(bytes);
      return bytes;
    };
    const twice = decode(query);
    for (const [packet, rcode] of [
      [altered((bytes) => bytes.writeUInt16BE(5 << 11, 2)), 'NOTIMP'],
      [altered((bytes) => bytes.writeUInt16BE(0, 4)), 'FORMERR'],
      [altered((bytes) => bytes.writeUInt16BE(2, 4)), 'FORMERR'],
      [
        encode({ ...twice, additionals: [...(twice.additionals ?? []), ...(twice.additionals ?? [])] }),
        'FORMERR',
      ],
    ] as const) {
      const answer = responder.answer(packet, 'udp');
      expect(answer).to.have.lengthOf(12);
      expect(decoded(answer ?? packet)).to.include({ rcode, id: 4711, type: 'response' });
    }
  });

  it('of whatever bytes is answered with a packet that can be read, or not at all', () => {
    const { responder } = new AskedResponder(manyGateways());
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }).map((random) => Buffer.from(random)),
      fc
        .array(fc.tuple(fc.nat(query.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
        .map((changes) => {
          const changed = Buffer.from(query);
          for (const [at, value] of changes) changed[at] = value;
          return changed;
        }),
    );
    fc.assert(
      fc.property(bytes, (packet) => {
        const answer = responder.answer(packet, 'udp');
        if (answer === undefined) return;
        expect(decode(answer)).to.include({ id: packet.readUInt16BE(0), type: 'response' });
        expect(answer.length).to.be.at.most(1_232);
      }),
      { numRuns: 3_000 },
    );
    expect(responder.counts().answered.size).to.be.above(2);
  });
});
