/** FIX over TLS: certificates of the venue and of members, handshakes that fail or never end, and renewal. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { TlsSettings } from '../../src/fix/tls.ts';
import { parseAddressPatterns } from '../../src/platform/addresses.ts';
import { systemClock } from '../../src/platform/clock.ts';
import {
  certificatePem,
  createTestCertificates,
  issue,
  keyPem,
  type TestCertificates,
} from '../support/certificates.ts';
import { FixClient } from '../support/fix-client.ts';
import { FixVenue, MEMBER } from '../support/fix-venue.ts';
import { Reception, untilClosed } from '../support/reception.ts';
import { until } from '../support/until.ts';

describe('TLS', () => {
  let dir: string;
  let files: TestCertificates;
  let server: TlsSettings;
  /** Asks members for a certificate. */
  let mutual: TlsSettings;
  let opened: Reception[];
  let clients: TLSSocket[];

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-tls-'));
    files = await createTestCertificates(dir);
    const { certFile, keyFile, caFile } = files;
    server = { certFile, keyFile, caFile: undefined, requireClientCert: false, minVersion: 'TLSv1.2' };
    mutual = { ...server, caFile, requireClientCert: true };
  });
  after(() => rmSync(dir, { recursive: true, force: true }));
  beforeEach(() => {
    opened = [];
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    for (const reception of opened) await reception.close();
  });

  async function open(
    tls: TlsSettings,
    options: Parameters<typeof Reception.open>[0] = {},
  ): Promise<Reception> {
    const reception = await Reception.open({ tls, ...options });
    opened.push(reception);
    return reception;
  }

  function trust(more: ConnectionOptions = {}): ConnectionOptions {
    return { ca: readFileSync(files.caFile), ...more };
  }

  /** A member's own certificate, besides trust in the venue's. */
  function showing(certFile: string, keyFile: string): ConnectionOptions {
    return trust({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  }

  /** A client that will have finished its handshake, or failed. */
  function shake(reception: Reception, options: ConnectionOptions): TLSSocket {
    const socket = connect({ host: '127.0.0.1', port: reception.port, ...options });
    clients.push(socket);
    socket.on('error', () => {});
    socket.resume();
    return socket;
  }

  describe('a listener', () => {
    it('takes FIX that was encrypted, and answers in kind', async () => {
      const reception = await open(server);
      const client = shake(reception, trust());
      client.write('8=FIX.4.4|');
      const guest = await reception.guest(({ text }) => text === '8=FIX.4.4|');
      expect(guest.peer).to.deep.equal({
        remoteAddress: `127.0.0.1:${client.localPort}`,
        certificateSubject: undefined,
      });
      let received = '';
      client.on('data', (bytes) => {
        received += String(bytes);
      });
      guest.connection.write(Buffer.alloc(1_000_000, 'x'));
      guest.connection.write(Buffer.from('bye'));
      guest.connection.close();
      await untilClosed(client);
      expect(received.length).to.equal(1_000_003);
      expect(received).to.match(/xbye$/);
      await until('the end', () => guest.isGone);
    });

    it('still says its last words to a client that has finished', async () => {
      const reception = await open(server);
      const client = shake(reception, trust());
      client.allowHalfOpen = true;
      let received = 0;
      client.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      const guest = await reception.guest();
      guest.connection.write(Buffer.alloc(3_000_000, 'x'));
      client.end('bye');
      await until('the end', () => guest.isGone);
      await untilClosed(client);
      expect(guest.text).to.equal('bye');
      expect(received).to.equal(3_000_000);
    });

    it('names the subject of a member’s certificate', async () => {
      const reception = await open(mutual);
      shake(reception, showing(files.clientCertFile, files.clientKeyFile));
      expect((await reception.guest()).peer.certificateSubject).to.equal(files.clientSubject);
    });

    it('names none when a member may go without and does', async () => {
      const reception = await open({ ...mutual, requireClientCert: false });
      shake(reception, trust());
      expect((await reception.guest()).peer.certificateSubject).to.equal(undefined);
      shake(reception, showing(files.clientCertFile, files.clientKeyFile));
      await until('the other', () => reception.guests[1]?.peer.certificateSubject === files.clientSubject);
    });

    for (const requireClientCert of [true, false]) {
      it(`refuses certificates that do not hold, ${requireClientCert ? 'required' : 'optional'} or not`, async () => {
        const reception = await open({ ...mutual, requireClientCert });
        const pairs = [
          [files.expiredClientCertFile, files.expiredClientKeyFile],
          [files.strangerCertFile, files.strangerKeyFile],
        ] as const;
        for (const [certFile, keyFile] of pairs)
          await untilClosed(shake(reception, showing(certFile, keyFile)));
        expect(await reception.refusal(0)).to.equal(
          'warn: its certificate is not accepted: CERT_HAS_EXPIRED',
        );
        expect(await reception.refusal(1)).to.match(/^warn: its certificate is not accepted: [A-Z_]+$/);
        expect(reception.guests).to.deep.equal([]);
      });
    }

    it('refuses who shows none where one is required, also at a second visit with the first one’s session', async () => {
      const reception = await open(mutual);
      let session: Buffer | undefined;
      const first = shake(reception, trust());
      first.on('session', (ticket) => {
        session = ticket;
      });
      await untilClosed(first);
      await untilClosed(shake(reception, trust(session === undefined ? {} : { session })));
      const old = shake(reception, trust({ maxVersion: 'TLSv1.2' }));
      await untilClosed(old);
      for (const index of [0, 1, 2]) {
        expect(await reception.refusal(index)).to.equal('warn: it shows no certificate');
      }
      expect(reception.guests).to.deep.equal([]);
    });

    it('judges every connection anew: no session is resumed', async () => {
      const reception = await open(mutual);
      const tls = showing(files.clientCertFile, files.clientKeyFile);
      const sessions: Buffer[] = [];
      const first = shake(reception, { ...tls, maxVersion: 'TLSv1.2' });
      first.on('session', (ticket) => sessions.push(ticket));
      await reception.guest();
      const session = first.getSession();
      const second = shake(reception, { ...tls, maxVersion: 'TLSv1.2', ...(session && { session }) });
      await until('the second', () => reception.guests.length === 2);
      expect(second.isSessionReused()).to.equal(false);
    });

    it('speaks no version older than it is told', async () => {
      const reception = await open({ ...server, minVersion: 'TLSv1.3' });
      await untilClosed(shake(reception, trust({ maxVersion: 'TLSv1.2' })));
      expect(await reception.refusal()).to.equal('warn: TLS handshake failed: unsupported protocol');
      shake(reception, trust());
      await reception.guest();
    });

    it('closes plain FIX and says so', async () => {
      const reception = await open(server);
      const socket = await reception.visit();
      socket.write('8=FIX.4.4\x019=5\x01');
      await untilClosed(socket);
      expect(await reception.refusal()).to.equal('warn: plain FIX on a listener with tls');
      const other = await reception.visit();
      other.write('GET / HTTP/1.1\r\n\r\n');
      await untilClosed(other);
      expect(await reception.refusal(1)).to.equal('warn: not TLS on a listener with tls');
    });

    it('cuts off a handshake that is not finished in time, and counts it as no connection', async () => {
      const reception = await open(server, { limits: { tlsHandshakeTimeoutMs: 3_000 } });
      const silent = await reception.visit();
      const slow = await reception.visit();
      // A record header that announces more than will ever come.
      slow.write(Buffer.from('1603010200010001fc0303', 'hex'));
      await until('both time limits', () => reception.clock.timerCount === 2);
      reception.clock.advance(2_999);
      expect(reception.refusalCount).to.equal(0);
      reception.clock.advance(1);
      expect(await reception.refusal(0)).to.equal('warn: no TLS handshake within 3000 ms');
      expect(await reception.refusal(1)).to.equal('warn: no TLS handshake within 3000 ms');
      await untilClosed(silent);
      await untilClosed(slow);
      expect(reception.guests).to.deep.equal([]);
      shake(reception, trust());
      await reception.guest();
      expect(reception.clock.timerCount, 'a finished handshake has no time limit').to.equal(0);
    });

    it('bounds how many handshakes are under way', async () => {
      const reception = await open(server, { limits: { maxPendingHandshakes: 1 } });
      const silent = await reception.visit();
      await untilClosed(await reception.visit());
      expect(await reception.refusal()).to.equal('warn: 1 connections have not finished their handshake');
      silent.destroy();
      await until('room', () => reception.clock.timerCount === 0);
      shake(reception, trust());
      await reception.guest();
    });

    it('survives handshakes that break off at any byte, and says so of each', async () => {
      const reception = await open(server);
      const hello = await clientHello();
      const lengths = [1, 5, 6, 43, 100, hello.length - 1, hello.length];
      for (const length of lengths) (await reception.visit()).end(hello.subarray(0, length));
      await until('all of them to be refused', () => reception.refusalCount === lengths.length);
      for (const length of lengths) {
        const socket = await reception.visit();
        socket.write(hello.subarray(0, length), () => socket.resetAndDestroy());
      }
      await until('all of these too', () => reception.refusalCount === 2 * lengths.length);
      const noise = await reception.visit();
      noise.write(Buffer.concat([Buffer.from('1603010020', 'hex'), Buffer.alloc(600, 0x41)]));
      await untilClosed(noise);
      expect(await reception.refusal(2 * lengths.length)).to.match(/^warn: TLS handshake failed: [a-z ]+$/);
      shake(reception, trust());
      await reception.guest();
      expect(reception.guests).to.have.length(1);
      expect(reception.clock.timerCount).to.equal(0);
    });

    it('reads the PROXY protocol before the handshake, which a health check does not begin', async () => {
      const trustedProxies = parseAddressPatterns(['127.0.0.1']);
      if (typeof trustedProxies === 'string') throw new Error(trustedProxies);
      const reception = await open(mutual, { trustedProxies });
      const header = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071070a00000112672698', 'hex');
      const socket = await reception.visit();
      socket.write(header);
      const tls = showing(files.clientCertFile, files.clientKeyFile);
      clients.push(connect({ ...tls, socket, host: '127.0.0.1' }));
      expect((await reception.guest()).peer).to.deep.equal({
        remoteAddress: '203.0.113.7:4711',
        certificateSubject: files.clientSubject,
      });
      const check = await reception.visit();
      check.end(Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'));
      expect(await reception.refusal()).to.equal('debug: it ended before FIX began');
    });
  });

  describe('a plain listener', () => {
    it('closes a TLS handshake and says so', async () => {
      const reception = await Reception.open({ name: 'inside' });
      opened.push(reception);
      await untilClosed(shake(reception, trust()));
      expect(await reception.refusal()).to.equal('warn: TLS on a listener without tls');
      expect(reception.lines.at(-1)).to.include({ event: 'connection refused', listener: 'inside' });
      expect(reception.guests[0]).to.include({ text: '', isGone: true });
    });
  });

  describe('certificates', () => {
    let live: TlsSettings;
    beforeEach(() => {
      live = { ...server, certFile: join(dir, 'live.pem'), keyFile: join(dir, 'live.key') };
      copyFileSync(files.certFile, live.certFile);
      copyFileSync(files.keyFile, live.keyFile);
    });

    async function served(reception: Reception): Promise<string> {
      const before = reception.guests.length;
      const client = shake(reception, trust());
      await until('the handshake', () => reception.guests.length > before);
      return client.getPeerX509Certificate()?.serialNumber ?? 'none';
    }

    function serialOf(file: string): string {
      return new X509Certificate(readFileSync(file)).serialNumber;
    }

    it('are renewed without a restart; connections that are open stay', async () => {
      const reception = await open(live);
      expect(await served(reception)).to.equal(serialOf(files.certFile));
      copyFileSync(files.renewedCertFile, live.certFile);
      copyFileSync(files.renewedKeyFile, live.keyFile);
      expect(await served(reception), 'nobody has said so yet').to.equal(serialOf(files.certFile));
      reception.reloadCertificates();
      expect(await served(reception)).to.equal(serialOf(files.renewedCertFile));
      expect(reception.guests.every(({ isGone }) => !isGone)).to.equal(true);
      expect(reception.lines.filter(({ level }) => level === 'warn' || level === 'error')).to.deep.equal([]);
    });

    it('stay what they are when the new ones are bad, with one line', async () => {
      const reception = await open(live);
      copyFileSync(files.renewedCertFile, live.certFile);
      reception.reloadCertificates();
      expect(await served(reception)).to.equal(serialOf(files.certFile));
      const errors = reception.lines.filter(({ level }) => level === 'error');
      expect(errors).to.have.length(1);
      expect(errors[0]?.reason).to.contain('does not belong to the certificate');
    });

    it('are warned about when they do not hold now', async () => {
      const day = 86_400_000;
      const now = systemClock.now();
      const expired = issue({ subject: [['CN', 'localhost']], validFrom: now - 2 * day, validTo: now - day });
      writeFileSync(live.certFile, certificatePem(expired));
      writeFileSync(live.keyFile, keyPem(expired));
      const reception = await open(live);
      expect(reception.lines).to.have.length(1);
      expect(reception.lines[0]).to.include({
        level: 'warn',
        listener: 'fix',
        event: 'the certificate does not hold now: members will refuse it',
        validTo: new Date(Math.floor((now - day) / 1000) * 1000).toISOString(),
      });
    });
  });

  describe('a member', () => {
    it('logs on and out through TLS; who it is comes from its certificate', async () => {
      const venue = await FixVenue.start({ listener: { tls: mutual } });
      try {
        const tls = showing(files.clientCertFile, files.clientKeyFile);
        const client = await venue.logon({ tls });
        expect(venue.peers.map(({ certificateSubject }) => certificateSubject)).to.deep.equal([
          files.clientSubject,
        ]);
        expect(venue.sessionCount).to.equal(1);
        await client.logout();
        await venue.settled();
      } finally {
        await venue.stop();
      }
    });

    it('is not reached by strangers: no session, no login', async () => {
      const venue = await FixVenue.start({ listener: { tls: mutual } });
      try {
        const tls = showing(files.strangerCertFile, files.strangerKeyFile);
        // With TLS 1.3 the client is done before the venue has judged its certificate.
        const client = await FixClient.connect({ port: venue.port, ...MEMBER, tls });
        client.sendLogon();
        await client.expectClosed();
        expect(venue.peers).to.deep.equal([]);
        expect(venue.sessionCount).to.equal(0);
      } finally {
        await venue.stop();
      }
    });
  });

  /** What a TLS client says first. */
  async function clientHello(): Promise<Buffer> {
    const [near, far] = duplexPair();
    const client = connect({ socket: near });
    client.on('error', () => {});
    const [hello] = (await once(far, 'data')) as [Buffer];
    client.destroy();
    return hello;
  }
});
