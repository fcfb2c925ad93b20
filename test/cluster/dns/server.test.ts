/** The DNS responder on its ports, as `dig`, Node's resolver and those who mean no good use it. */
import { execFile, spawnSync } from 'node:child_process';
import { promises } from 'node:dns';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { GatewayRoom } from '../../../src/cluster/dns/gateways.ts';
import { DEFAULT_DNS_LIMITS, type DnsLimits } from '../../../src/cluster/dns/limits.ts';
import { DnsPortUnavailable, type DnsServer, startDnsServer } from '../../../src/cluster/dns/server.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { dataOf, decoded, gateway, queryOf, ZONE } from '../../support/dns.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { randomFrom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

const NAME = ZONE.name;
const HOST = '127.0.0.1';
const hasDig = spawnSync('dig', ['-v']).status === 0;

let servers: DnsServer[] = [];

async function serve(
  rooms: readonly GatewayRoom[],
  limits: Partial<DnsLimits> = {},
  clock = new ManualClock(0),
) {
  const random = randomFrom(1);
  const server = await startDnsServer({
    host: HOST,
    port: 0,
    zone: ZONE,
    gateways: () => ({ rooms, ageMs: 0 }),
    limits: { ...DEFAULT_DNS_LIMITS, ...limits },
    clock,
    random: () => random.next(),
    log: silentLog,
  });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

const TWO_GATEWAYS = [
  gateway('gateway-1', { addresses: ['192.0.2.1'], connections: 9 }),
  gateway('gateway-2', { addresses: ['192.0.2.2', '2001:db8::2'], port: 9881, connections: 1 }),
];

/** Enough that SRV does not fit into a datagram. */
const TWENTY_GATEWAYS = Array.from({ length: 20 }, (_, index) =>
  gateway(`gateway-${index}`, { addresses: [`192.0.2.${index + 1}`] }),
);
const ALL_TWENTY = { maxDnsAnswers: 20 };

describe('A member’s resolver', () => {
  async function resolver(rooms: readonly GatewayRoom[], limits: Partial<DnsLimits> = {}) {
    const { port } = await serve(rooms, limits);
    const made = new promises.Resolver({ timeout: 5_000, tries: 1 });
    made.setServers([`${HOST}:${port}`]);
    return made;
  }

  it('finds addresses, the least loaded first, and the service', async () => {
    const asking = await resolver(TWO_GATEWAYS);
    expect(await asking.resolve4(NAME, { ttl: true })).to.deep.equal([
      { address: '192.0.2.2', ttl: 2 },
      { address: '192.0.2.1', ttl: 2 },
    ]);
    expect(await asking.resolve6(NAME)).to.deep.equal(['2001:db8::2']);
    expect(await asking.resolveSrv(`_fix._tcp.${NAME}`)).to.deep.equal([
      { type: 'SRV', name: `gateway-2.${NAME}`, port: 9881, priority: 0, weight: 1_000 },
      { type: 'SRV', name: `gateway-1.${NAME}`, port: 9880, priority: 0, weight: 111 },
    ]);
    expect(await asking.resolve4(`gateway-1.${NAME}`)).to.deep.equal(['192.0.2.1']);
    expect(await asking.resolveNs(NAME)).to.deep.equal([`dns-1.${NAME}`, `dns-2.${NAME}`]);
  });

  it('learns that there is no such name, or no address now', async () => {
    const asking = await resolver([gateway('full', { connections: 10 })]);
    for (const [name, code] of [
      [`nobody.${NAME}`, 'ENOTFOUND'],
      [NAME, 'ENODATA'],
      ['example.org', 'EREFUSED'],
    ] as const) {
      const outcome = await asking.resolve4(name).catch((error: NodeJS.ErrnoException) => error.code);
      expect(outcome, name).to.equal(code);
    }
  });

  it('asks again over TCP for what does not fit into a datagram', async () => {
    const asking = await resolver(TWENTY_GATEWAYS, ALL_TWENTY);
    expect(await asking.resolveSrv(`_fix._tcp.${NAME}`)).to.have.lengthOf(20);
    expect(servers[0]?.counts()).to.deep.include({ truncated: 1, received: 2 });
  });
});

describe('dig', () => {
  if (!hasDig) {
    it('sees the zone (skipped: dig is not installed)', function () {
      this.skip();
    });
    return;
  }

  async function dig(port: number, ...question: readonly string[]): Promise<string> {
    const args = [`@${HOST}`, '-p', String(port), '+tries=1', '+time=5', ...question];
    const { stdout } = await promisify(execFile)('dig', args);
    return stdout.replaceAll('\t', ' ').replaceAll(/ +/g, ' ');
  }

  it('sees an authoritative answer without a warning', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    const said = await dig(port, '+norecurse', NAME, 'A');
    expect(said).to.match(
      /status: NOERROR.*\n.*flags: qr aa; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1/,
    );
    expect(said).to.include(`${NAME}. 2 IN A 192.0.2.2\n${NAME}. 2 IN A 192.0.2.1\n`);
    expect(said).to.include('EDNS: version: 0, flags:; udp: 1232');
    expect(said).not.to.match(/warning|malformed|mismatch|extra/i);
  });

  it('sees the service with its hosts', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    const said = await dig(port, `_fix._tcp.${NAME}`, 'SRV');
    expect(said).to.include(`_fix._tcp.${NAME}. 2 IN SRV 0 1000 9881 gateway-2.${NAME}.\n`);
    expect(said).to.include(`gateway-2.${NAME}. 2 IN AAAA 2001:db8::2\n`);
  });

  it('sees negative answers as the standards want them', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    const soa = `AUTHORITY SECTION:\n${NAME}. 2 IN SOA dns-1.${NAME}. hostmaster.${NAME}. 1 3600 600 86400 2\n`;
    expect(await dig(port, `nobody.${NAME}`))
      .to.include('status: NXDOMAIN')
      .and.include(soa);
    expect(await dig(port, NAME, 'TXT'))
      .to.include('status: NOERROR')
      .and.include(soa);
    expect(await dig(port, 'example.org'))
      .to.include('status: REFUSED')
      .and.not.include('SOA');
    expect(await dig(port, NAME, 'AXFR')).to.include('Transfer failed');
    expect(await dig(port, 'version.bind', 'TXT', 'CH')).to.include('status: REFUSED');
    expect(await dig(port, NAME, 'ANY', '+notcp')).to.include('HINFO "RFC8482" ""');
    expect(await dig(port, NAME, '+edns=1', '+noednsneg')).to.include('status: BADVERS');
  });

  it('goes over to TCP when the answer is cut', async () => {
    const { port } = await serve(TWENTY_GATEWAYS, ALL_TWENTY);
    const said = await dig(port, `_fix._tcp.${NAME}`, 'SRV');
    expect(said).to.include('Truncated, retrying in TCP mode').and.include('ANSWER: 20');
    const cut = await dig(port, '+ignore', '+noedns', '+norecurse', NAME, 'A');
    expect(cut).to.include('flags: qr aa tc; QUERY: 1, ANSWER: 0');
  });

  it('finds its cookie ignored, and its subnet', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    const said = await dig(port, '+subnet=192.0.2.0/24', '+cookie=0123456789abcdef', NAME);
    expect(said).to.include('status: NOERROR').and.include('192.0.2.2');
  });
});

describe('DNS over TCP', () => {
  const question = queryOf(NAME, 'A');
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function connected(port: number, localAddress = HOST): Promise<Socket> {
    const socket = connect({ port, host: HOST, localAddress });
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  function framed(...messages: readonly Buffer[]): Buffer {
    return Buffer.concat(
      messages.flatMap((message) => [Buffer.from([message.length >> 8, message.length & 0xff]), message]),
    );
  }

  /** The messages of a connection as they come. */
  function received(socket: Socket): () => ReturnType<typeof decoded>[] {
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    return () => {
      const messages = [];
      for (let at = 0; at + 2 <= bytes.length && at + 2 + bytes.readUInt16BE(at) <= bytes.length; ) {
        const end = at + 2 + bytes.readUInt16BE(at);
        messages.push(decoded(bytes.subarray(at + 2, end)));
        at = end;
      }
      return messages;
    };
  }

  it('answers queries in order, however they are cut', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    const socket = await connected(port);
    const answers = received(socket);
    const bytes = framed(question, queryOf(`nobody.${NAME}`, 'A'), question);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    await until('three answers', () => answers().length === 3);
    expect(answers().map(({ rcode }) => rcode)).to.deep.equal(['NOERROR', 'NXDOMAIN', 'NOERROR']);
    expect(answers()[2]?.answers?.map(dataOf)).to.deep.equal(['192.0.2.2', '192.0.2.1']);
  });

  it('ends at what is no query, and at one that is too long', async () => {
    const { port } = await serve(TWO_GATEWAYS);
    for (const bytes of [
      framed(Buffer.from('not a query')),
      framed(Buffer.alloc(0)),
      Buffer.from([0x10, 0x01]),
    ]) {
      const socket = await connected(port);
      socket.resume();
      const end = once(socket, 'close');
      socket.write(bytes);
      await end;
    }
  });

  it('lasts for a limited time, whatever is said', async () => {
    const clock = new ManualClock(0);
    const { port } = await serve(TWO_GATEWAYS, { dnsTcpLifetimeMs: 10_000 }, clock);
    const socket = await connected(port);
    const answers = received(socket);
    socket.write(framed(question));
    await until('an answer', () => answers().length === 1);
    clock.advance(9_999);
    socket.write(framed(question));
    await until('an answer', () => answers().length === 2);
    const end = once(socket, 'close');
    clock.advance(1);
    await end;
  });

  it('takes so many connections, and closes the oldest of the network with most of them for another', async () => {
    const { port } = await serve(TWO_GATEWAYS, { maxDnsTcpConnections: 3 });
    const many = [await connected(port), await connected(port), await connected(port)];
    for (const socket of many) {
      const answers = received(socket);
      socket.write(framed(question));
      await until('an answer', () => answers().length === 1);
    }
    const own = await connected(port);
    own.resume();
    await once(own, 'close');
    expect(many.map(({ closed }) => closed)).to.deep.equal([false, false, false]);
    const other = await connected(port, '127.0.0.2');
    const answers = received(other);
    other.write(framed(question));
    await until('an answer', () => answers().length === 1);
    await until('the end of the oldest', () => many[0]?.closed);
    expect(many.map(({ closed }) => closed)).to.deep.equal([true, false, false]);
  });

  it('ends when its answers are not read', async () => {
    const { port } = await serve(TWENTY_GATEWAYS, { ...ALL_TWENTY, maxDnsUnsentBytes: 20_000 });
    const socket = await connected(port);
    socket.pause();
    const portion = framed(...Array.from({ length: 200 }, () => queryOf(`_fix._tcp.${NAME}`, 'SRV')));
    await until('the end', () => {
      if (!socket.destroyed) socket.write(portion);
      return socket.destroyed;
    });
  });
});

describe('A DNS server', () => {
  it('says so when its port is taken', async () => {
    const { port } = await serve([]);
    const second = startDnsServer({
      host: HOST,
      port,
      zone: ZONE,
      gateways: () => ({ rooms: [], ageMs: 0 }),
      limits: DEFAULT_DNS_LIMITS,
      clock: new ManualClock(0),
      random: () => 0,
      log: silentLog,
    });
    const error: unknown = await second.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(DnsPortUnavailable);
    expect(String(error)).to.include(`the DNS responder cannot listen on ${HOST}:${port}: bind EADDRINUSE`);
  });

  it('has its port free again when it is closed', async () => {
    const server = await serve([]);
    await connectedAndIdle(server.port);
    await server.close();
    servers = [];
    const again = await startDnsServer({
      host: HOST,
      port: server.port,
      zone: ZONE,
      gateways: () => ({ rooms: [], ageMs: 0 }),
      limits: DEFAULT_DNS_LIMITS,
      clock: new ManualClock(0),
      random: () => 0,
      log: silentLog,
    });
    expect(again.port).to.equal(server.port);
    await again.close();
  });
});

/** A connection that would keep a server from closing. */
async function connectedAndIdle(port: number): Promise<void> {
  const socket = connect({ port, host: HOST });
  socket.on('error', () => {});
  await once(socket, 'connect');
}
