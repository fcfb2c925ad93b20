import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Carrier, CarrierError, type CarrierFault } from '../../src/cluster/carrier.ts';
import { createLinks, type Links } from '../../src/cluster/links.ts';
import { createNatsCarrier, type NatsTerms } from '../../src/cluster/nats-carrier.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type LogFields, silentLog } from '../../src/platform/log.ts';
import { createTestCertificates, type TestCertificates } from '../support/certificates.ts';
import { saying } from '../support/linked-nodes.ts';
import {
  hasNatsServer,
  type NatsServer,
  type NatsServerTerms,
  startNatsServer,
} from '../support/nats-server.ts';
import { until } from '../support/until.ts';

describe('the carrier over NATS', () => {
  const opened: Carrier[] = [];
  const started: NatsServer[] = [];

  before(function () {
    if (!hasNatsServer()) this.skip();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((carrier) => carrier.close()));
    await Promise.all(started.splice(0).map((server) => server.stop()));
  });

  async function serve(terms?: NatsServerTerms): Promise<NatsServer> {
    const server = await startNatsServer(terms);
    started.push(server);
    return server;
  }

  function open(server: NatsServer, terms: Partial<NatsTerms> = {}): Carrier {
    const carrier = createNatsCarrier({
      servers: [server.url],
      clientName: 'test',
      clock: systemClock,
      log: silentLog,
      ...terms,
    });
    opened.push(carrier);
    return carrier;
  }

  async function openReached(server: NatsServer, terms?: Partial<NatsTerms>): Promise<Carrier> {
    const carrier = open(server, terms);
    await until('the carrier to reach the server', () => carrier.isReachable);
    return carrier;
  }

  async function faultOf(request: Promise<unknown>): Promise<CarrierFault | undefined> {
    const error = await request.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return error instanceof CarrierError ? error.fault : undefined;
  }

  it('brings a request to who listens, and the answer back', async () => {
    const server = await serve();
    const [one, other] = await Promise.all([openReached(server), openReached(server)]);
    other.listen('double', (body, answer) => answer?.(Buffer.concat([body, body])));
    await answered(one, 'double');
    const answer = await one.request('double', Buffer.from([0, 10, 255]), 1_000);
    expect([...answer]).to.deep.equal([0, 10, 255, 0, 10, 255]);
  });

  it('brings what is published, without a way to answer', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    const heard: unknown[] = [];
    carrier.listen('news', (body, answer) => heard.push([...body, answer]));
    carrier.publish('news', Buffer.from([7]));
    await until('the news', () => heard.length > 0);
    expect(heard).to.deep.equal([[7, undefined]]);
  });

  it('says at once that nobody listens, and in time that nobody answers', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    expect(await faultOf(carrier.request('void', Buffer.from('x'), 60_000))).to.equal('nobody');
    const stop = carrier.listen('silent', () => undefined);
    expect(await faultOf(carrier.request('silent', Buffer.from('x'), 20))).to.equal('timeout');
    stop();
    await until('the end of listening', async () => {
      return (await faultOf(carrier.request('silent', Buffer.from('x'), 20))) === 'nobody';
    });
  });

  it('carries the longest body that it names', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    carrier.listen('length', (body, answer) => answer?.(Buffer.from(String(body.length))));
    const answer = await carrier.request('length', Buffer.alloc(carrier.maxBodyBytes), 5_000);
    expect(Buffer.from(answer).toString()).to.equal(String(carrier.maxBodyBytes));
  });

  it('says that it is cut off when the server dies, and listens again when there is one', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    const changes: boolean[] = [];
    carrier.onReachable((isReachable) => changes.push(isReachable));
    carrier.listen('echo', (body, answer) => answer?.(body));
    const waiting = faultOf(carrier.request('echo', Buffer.from('x'), 60_000));
    expect(await waiting).to.equal(undefined);
    await server.kill();
    await until('the carrier to notice', () => !carrier.isReachable);
    expect(await faultOf(carrier.request('echo', Buffer.from('x'), 60_000))).to.equal('unreachable');
    carrier.publish('echo', Buffer.from('lost'));
    await server.restart();
    await until('the carrier to come back', () => carrier.isReachable);
    await answered(carrier, 'echo');
    expect(changes).to.deep.equal([false, true]);
  });

  it('fails what waits for an answer when the server dies', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    let asked = false;
    carrier.listen('silent', () => {
      asked = true;
    });
    const waiting = faultOf(carrier.request('silent', Buffer.from('x'), 60_000));
    await until('the question', () => asked);
    await server.kill();
    expect(await waiting).to.equal('unreachable');
  });

  it('notices a server that only hangs', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    server.pause();
    await until('the carrier to notice', () => !carrier.isReachable, 5_000);
    server.resume();
    await until('the carrier to come back', () => carrier.isReachable);
  });

  it('fails what waits when it is closed, and takes nothing more', async () => {
    const server = await serve();
    const carrier = await openReached(server);
    carrier.listen('silent', () => undefined);
    const waiting = faultOf(carrier.request('silent', Buffer.from('x'), 60_000));
    await carrier.close();
    expect(await waiting).to.equal('closed');
    expect(await faultOf(carrier.request('silent', Buffer.from('x'), 10))).to.equal('closed');
  });

  it('closes although it never reached a server', async () => {
    const server = await serve();
    await server.kill();
    const carrier = open(server);
    await until('the first try', () => carrier.fault !== undefined);
    expect(carrier.fault).to.equal(
      `nobody listens at ${server.url}: start NATS there, or correct nats.servers`,
    );
    await carrier.close();
    expect(carrier.isReachable).to.equal(false);
  });

  it('needs the password, and does not tell it to the log', async () => {
    const server = await serve({ user: 'venue', password: 'correct horse' });
    const lines: string[] = [];
    const keep = (event: string, fields?: LogFields): void => {
      lines.push(JSON.stringify([event, fields]));
    };
    const log = { ...silentLog, info: keep, warn: keep, error: keep };
    const loginText = 'user venue, its password in /etc/venue/nats.password';
    const stranger = open(server, { user: 'venue', password: 'battery staple', loginText, log });
    const node = await openReached(server, { user: 'venue', password: 'correct horse', log });
    node.listen('echo', (body, answer) => answer?.(body));
    await answered(node, 'echo');
    await until('the refusal', () => lines.some((line) => line.includes('nats_unreachable')));
    expect(stranger.isReachable).to.equal(false);
    expect(lines.join()).not.to.match(/horse|staple/);
    expect(stranger.fault).to.equal(
      `${server.url} refuses the login (${loginText}): correct it there or on the server`,
    );
    expect(node.fault).to.equal(undefined);
    const nobody = open(server, { log });
    await until('the refusal', () => nobody.fault !== undefined);
    expect(nobody.fault).to.contain('lets nobody in without a login: set nats.user and nats.passwordFile');
  });

  describe('with TLS', () => {
    let dir: string;
    let files: TestCertificates;

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'onebook-nats-tls-'));
      files = await createTestCertificates(dir);
    });

    after(() => rm(dir, { recursive: true, force: true }));

    it('connects with a certificate of the authority, and not without one', async () => {
      const { caFile, certFile, keyFile, strangerCaFile } = files;
      const server = await serve({ tls: { caFile, certFile, keyFile } });
      const own = { certFile: files.clientCertFile, keyFile: files.clientKeyFile };
      const reasons: string[] = [];
      const warn = (_event: string, fields?: LogFields): void => {
        reasons.push(JSON.stringify(fields));
      };
      const log = { ...silentLog, warn };
      const node = await openReached(server, { tls: { caFile, ...own } });
      const withoutCertificate = open(server, { tls: { caFile }, log });
      const withOtherAuthority = open(server, { tls: { caFile: strangerCaFile, ...own }, log });
      node.listen('echo', (body, answer) => answer?.(body));
      await answered(node, 'echo');
      await until('both refusals', () => reasons.length >= 2);
      expect([withoutCertificate.isReachable, withOtherAuthority.isReachable]).to.deep.equal([false, false]);
    });
  });

  describe('under a link', () => {
    it('brings every message once and in order, though the server dies in between', async () => {
      const server = await serve();
      const heard: string[] = [];
      const downs: string[] = [];
      const [a, b] = [
        { name: 'a', incarnation: 1 },
        { name: 'b', incarnation: 2 },
      ] as const;
      const join = (self: NodeId): Links =>
        createLinks({
          self,
          carrier: open(server),
          clock: systemClock,
          log: silentLog,
          events: {
            onMessage: (_from, _to, message) =>
              heard.push(message.type === 'BookHalted' ? message.reason : ''),
            onUp: () => undefined,
            onDown: (_peer, reason) => downs.push(reason),
          },
        });
      const links = [join(a), join(b)] as const;
      for (const one of links) one.expect([a, b]);
      await until('the link', () => links.every((one) => one.status()[0]?.phase === 'Up'));
      const tell = (text: string): void => {
        expect(links[0].tell(b, { type: 'exchange' }, saying(text))).to.equal('Queued');
      };
      const texts = Array.from({ length: 3_000 }, (_, index) => String(index));
      for (const text of texts.slice(0, 1_000)) tell(text);
      await until('the first', () => heard.length > 0);
      await server.kill();
      for (const text of texts.slice(1_000, 2_000)) tell(text);
      await until('the carriers to notice', () => opened.every(({ isReachable }) => !isReachable));
      await server.restart();
      for (const text of texts.slice(2_000)) tell(text);
      await until('the last', () => heard.length >= texts.length);
      expect(heard).to.deep.equal(texts);
      expect(downs).to.deep.equal([]);
      await Promise.all(links.map((one) => one.close()));
    });
  });
});

/** Waits until what was listened to is known to the server. */
async function answered(carrier: Carrier, subject: string): Promise<void> {
  await until(`an answer of ${subject}`, async () => {
    await carrier.request(subject, Buffer.from('x'), 200);
    return true;
  });
}
