/**
 * The real HAProxy in front of two processes of the venue, of which one trades and the other waits, with the configuration
 * that docs/OPERATIONS.md shows: members see one address, the venue sees theirs.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { FixListenerConfig } from '../../src/config/cluster.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { createTestCertificates, type TestCertificates } from '../support/certificates.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { FixClient } from '../support/fix-client.ts';
import { Haproxy, haproxyConfiguration, whyNoHaproxy } from '../support/haproxy.ts';
import { identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import { freePorts } from '../support/operating-system.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('alice', 1);
const BOB = identityOf('bob', 2);
const CAROL = identityOf('carol', 3);
const ALICE_ADDRESS = '127.0.0.2';
const whyNot = whyNoHaproxy();
/** Two nodes start and one brings the schema up to date, on a machine that has much else to do. */
const START_TIMEOUT_MS = 60_000;
const TIMEOUT_MS = 120_000;

/** The ports of one node. */
interface NodePorts {
  readonly fix: number;
  readonly tls: number;
  readonly admin: number;
}

describe('HAProxy in front of the venue', function () {
  this.timeout(TIMEOUT_MS);

  if (whyNot !== undefined) {
    it(`shows members one address (skipped: ${whyNot})`, function () {
      this.skip();
    });
    return;
  }

  const dataDirs: string[] = [];
  const clients: FixClient[] = [];
  let database: TestDatabase;
  let files: TestCertificates;
  let nodes: readonly VenueProcess[];
  let trading: VenueProcess;
  let waiting: VenueProcess;
  let haproxy: Haproxy;
  let port: number;
  let tlsPort: number;

  before(async () => {
    database = await testDatabase();
    for (let index = 0; index < 2; index += 1) dataDirs.push(await newDataDir());
    const [directory = ''] = dataDirs;
    files = await createTestCertificates(directory);
    const [p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, plain = 0, tls = 0] = await freePorts(8);
    const ports = [
      { fix: p1, tls: p2, admin: p3 },
      { fix: p4, tls: p5, admin: p6 },
    ];
    [port, tlsPort] = [plain, tls];
    nodes = await Promise.all(ports.map((own, index) => startNode(own, index)));
    const running = await until(
      'one node to trade',
      () => nodes.find(({ lines }) => lines.some((line) => line.includes('is running'))),
      START_TIMEOUT_MS,
    );
    trading = running;
    waiting = nodes.find((node) => node !== running) ?? running;
    await openMarket(trading, [ALICE, BOB, CAROL]);
    haproxy = new Haproxy(directory, configurationFor(ports));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await until('the venue to notice', async () => (await sessionsOf(trading)).length === 0);
  });

  after(async () => {
    await haproxy?.end();
    for (const node of nodes ?? []) if (!node.hasEnded) await node.kill();
    await database?.drop();
    for (const dataDir of dataDirs) await removeVenue(dataDir);
  });

  function startNode(own: NodePorts, index: number): Promise<VenueProcess> {
    const proxy = { proxyProtocol: true, trustedProxies: ['127.0.0.1'] };
    const { certFile, keyFile, caFile } = files;
    const listeners: readonly FixListenerConfig[] = [
      { ...proxy, port: own.fix },
      { ...proxy, name: 'tls', port: own.tls, tls: { certFile, keyFile, caFile } },
    ];
    const { fix: fixPort, admin: adminPort } = own;
    const where = { node: `gateway-${index + 1}`, databaseUrl: database.url, fixPort, adminPort };
    return VenueProcess.spawn(dataDirs[index] ?? '', { ...where, listeners, limits: { drainNoticeMs: 0 } });
  }

  function configurationFor(ports: readonly NodePorts[]): string {
    const servers = ports.flatMap(({ fix, tls, admin }, index) => {
      const host = `10.0.0.1${index + 1}`;
      return [
        [`${host}:9883 port 9881`, `127.0.0.1:${fix} port ${admin}`, 1],
        [`${host}:9884 port 9881`, `127.0.0.1:${tls} port ${admin}`, 1],
      ] as const;
    });
    return haproxyConfiguration([
      ...servers,
      ['bind :9880', `bind 127.0.0.1:${port}`, 1],
      ['bind :9882', `bind 127.0.0.1:${tlsPort}`, 1],
      ['maxconn 400\n', 'maxconn 2\n', 2],
    ]);
  }

  /** A member that logs on through HAProxy, its numbers back at 1. */
  async function logon(member: typeof ALICE, localAddress: string): Promise<FixClient> {
    const client = await connected(member, localAddress);
    await client.logon({ [TAG.ResetSeqNumFlag]: 'Y' });
    return client;
  }

  async function connected(member: typeof ALICE, localAddress: string): Promise<FixClient> {
    const client = await FixClient.connect({ ...member, port, localAddress });
    clients.push(client);
    return client;
  }

  async function agree(username: string, ...terms: readonly string[]): Promise<void> {
    const node = `gateway-${nodes.indexOf(trading) + 1}`;
    const said = await trading.onebook(['user', 'set', '--node', node, '--username', username, ...terms]);
    expect(said).to.include({ exitCode: 0, stderr: '' });
  }

  it('sends nobody to the node that waits', async () => {
    const name = `gateway-${nodes.indexOf(waiting) + 1}`;
    for (const backend of ['gateways', 'gateways-tls']) {
      await haproxy.says(`Server ${backend}/${name} is DOWN, reason: Layer7 wrong status, code: 503`);
    }
    await logon(ALICE, ALICE_ADDRESS);
    await logon(BOB, '127.0.0.1');
    expect(await sessionsOf(trading)).to.have.lengthOf(2);
  });

  it('tells the venue each member’s own address, which its allow-list judges', async () => {
    await agree('alice', '--allowed-addresses', ALICE_ADDRESS);
    const alice = await logon(ALICE, ALICE_ADDRESS);
    const [session] = await sessionsOf(trading);
    expect(session?.remoteAddress).to.match(/^127\.0\.0\.2:\d+$/);
    alice.close();
    await until('the end of the session', async () => (await sessionsOf(trading)).length === 0);

    const elsewhere = await connected(ALICE, '127.0.0.3');
    elsewhere.sendLogon();
    await elsewhere.expectClosed();
    const line = await until('the line in the log', () =>
      trading.events.find(({ reason }) => reason === 'an address that is not allowed for the member'),
    );
    expect(line)
      .to.have.property('remoteAddress')
      .that.matches(/^127\.0\.0\.3:\d+$/);
  });

  it('passes TLS through: the venue sees the member’s certificate', async () => {
    await agree('bob', '--certificate-subject', files.clientSubject);
    const certificate = {
      ca: readFileSync(files.caFile),
      cert: readFileSync(files.clientCertFile),
      key: readFileSync(files.clientKeyFile),
    };
    const terms = { ...BOB, port: tlsPort, localAddress: '127.0.0.4' };
    const bob = await FixClient.connect({ ...terms, tls: certificate });
    clients.push(bob);
    await bob.logon({ [TAG.ResetSeqNumFlag]: 'Y' });
    expect((await sessionsOf(trading)).map(({ remoteAddress }) => remoteAddress.split(':')[0])).to.deep.equal(
      ['127.0.0.4'],
    );
    const plain = await connected(BOB, '127.0.0.4');
    plain.sendLogon();
    await plain.expectClosed();
    await until('the line in the log', () =>
      trading.events.some(({ reason }) => String(reason).startsWith('no client certificate')),
    );
  });

  it('closes a member for whom there is no room, and lets the next one in when there is', async () => {
    const alice = await logon(ALICE, ALICE_ADDRESS);
    const second = await connected(CAROL, '127.0.0.1');
    await until('the second', async () => (await sessionsOf(trading)).length === 2);
    const third = await connected(CAROL, '127.0.0.1');
    const opened = trading.events.filter(({ msg }) => msg === 'connection opened').length;
    await third.expectClosed();
    expect(trading.events.filter(({ msg }) => msg === 'connection opened')).to.have.lengthOf(opened);
    expect(alice.isClosed).to.equal(false);
    second.close();
    await logon(CAROL, '127.0.0.1');
  });

  it('sends members to the other node when the one that trades is killed, with their numbers', async () => {
    const alice = await logon(ALICE, ALICE_ADDRESS);
    const terms = { clOrdId: 'bid-1', symbol: SYMBOL, side: '1', orderQty: '1', price: '10.00' } as const;
    alice.send(MSG_TYPE.NewOrderSingle, newOrder(terms));
    await alice.expect(MSG_TYPE.ExecutionReport, { [TAG.ClOrdID]: 'bid-1', [TAG.OrdStatus]: '0' });
    await trading.kill();
    await until('the cut', () => alice.isClosed);
    trading = waiting;
    await haproxy.says(`Server gateways/gateway-${nodes.indexOf(waiting) + 1} is UP`);
    const { nextOutSeqNum } = alice;
    const again = await FixClient.connect({ ...ALICE, port, localAddress: ALICE_ADDRESS, nextOutSeqNum });
    clients.push(again);
    again.sendLogon();
    const answer = await again.expect(MSG_TYPE.Logon);
    expect(answer.msgSeqNum).to.be.above(2);
    expect(String((await sessionsOf(waiting))[0]?.remoteAddress)).to.match(/^127\.0\.0\.2:/);
  });
});

async function sessionsOf(venue: VenueProcess): Promise<readonly { readonly remoteAddress: string }[]> {
  const { sessions } = (await venue.done('GET', '/v1/status')) as {
    readonly sessions: readonly { readonly remoteAddress: string }[];
  };
  return sessions;
}
