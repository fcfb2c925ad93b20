/**
 * Bad input of every kind against the real process, while two healthy sessions trade beside it: each gets a clear
 * answer or is cut off, costs nobody else anything, and memory stays bounded.
 */
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { BAD_ORDERS, utf8 } from '../support/bad-orders.ts';
import { HealthyMember, Stranger } from '../support/bystanders.ts';
import { FixClient, textOf } from '../support/fix-client.ts';
import { fixFrame } from '../support/fix-frames.ts';
import { cancelOf, identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MAX_CONNECTIONS = 40;
const LIMITS = {
  logonTimeoutMs: 700,
  maxUnsentBytes: 256 * KIB,
  maxConnections: MAX_CONNECTIONS,
  maxUnauthenticatedConnections: MAX_CONNECTIONS,
};
/** Of the whole process; a venue at rest has about 150 MiB. */
const MAX_RESIDENT_BYTES = 512 * MIB;
const [SYMBOL] = SYMBOLS;

describe('Bad input', function () {
  this.timeout(60_000);

  const alice = identityOf('alice', 1);
  const bob = identityOf('bob', 2);
  const mallory = identityOf('mallory', 3);
  let dataDir: string;
  let venue: VenueProcess;
  let healthy: readonly HealthyMember[];
  let residentBytesAtFirst: number;

  before(async () => {
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir, { limits: LIMITS });
    await openMarket(venue, [alice, bob, mallory]);
    healthy = [await HealthyMember.start(venue, alice), await HealthyMember.start(venue, bob)];
    await Promise.all(healthy.map((member) => member.tradeOnce()));
    residentBytesAtFirst = venue.residentBytes;
  });

  after(() => removeVenue(dataDir));

  beforeEach(() => {
    for (const member of healthy) member.begin();
  });

  afterEach('the healthy sessions have noticed nothing', async () => {
    for (const member of healthy) await member.finish();
    expect(venue.hasEnded).to.equal(false);
  });

  describe('in an order', () => {
    let session: FixClient;
    let lastNo = 0;

    before(async () => {
      session = await logon(mallory);
    });

    after(() => session.logout());

    for (const { what, fields, answer, text } of BAD_ORDERS) {
      it(`is refused by name: ${what}`, async () => {
        session.send(MSG_TYPE.NewOrderSingle, { ...goodOrder(), ...fields });
        const message = await session.nextMessage();
        for (const [tag, value] of Object.entries(answer)) {
          expect(message.get(Number(tag)), `${tag} of ${textOf(message)}`).to.equal(value);
        }
        expect(message.get(TAG.Text)).to.match(text);
        await expectService(session);
      });
    }

    it('that is only unusual is taken as it is: a ClOrdID of 500 characters', async () => {
      const clOrdId = 'long '.repeat(100);
      session.send(MSG_TYPE.NewOrderSingle, { ...goodOrder(), [TAG.ClOrdID]: clOrdId });
      const accepted = await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0' });
      expect(accepted.get(TAG.ClOrdID)).to.equal(clOrdId);
    });

    it('that is only unusual is taken as it is: a ClOrdID and a Text in no Latin script', async () => {
      const clOrdId = utf8('заказ-注文-🙂');
      session.send(MSG_TYPE.NewOrderSingle, {
        ...goodOrder(),
        [TAG.ClOrdID]: clOrdId,
        [TAG.Text]: utf8('привет'),
      });
      const accepted = await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0' });
      expect(accepted.get(TAG.ClOrdID)).to.equal(clOrdId);
      const again = `again-${lastNo}`;
      session.send(MSG_TYPE.OrderCancelRequest, cancelOf(again, clOrdId, SYMBOL, '1'));
      await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '4', [TAG.OrigClOrdID]: clOrdId });
    });

    it('that the member garbles on the way costs it one ResendRequest, not the session', async () => {
      const frame = session.encode(MSG_TYPE.NewOrderSingle, goodOrder());
      frame[frame.length - 3] = frame[frame.length - 3] === 0x30 ? 0x31 : 0x30;
      session.sendRaw(frame);
      session.send(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'after the garbled one' });
      const asked = await session.expect(MSG_TYPE.ResendRequest);
      const missing = Number(asked.get(TAG.BeginSeqNo));
      session.send(
        MSG_TYPE.SequenceReset,
        { [TAG.GapFillFlag]: 'Y', [TAG.NewSeqNo]: missing + 1 },
        { msgSeqNum: missing, possDup: true },
      );
      await session.expect(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: 'after the garbled one' });
      await expectService(session);
    });

    function goodOrder(): Record<number, string> {
      lastNo += 1;
      return newOrder({ clOrdId: `m-${lastNo}`, symbol: SYMBOL, side: '1', orderQty: '1', price: '10.00' });
    }

    /** A right order of the same session is taken. */
    async function expectService(client: FixClient): Promise<void> {
      const order = goodOrder();
      client.send(MSG_TYPE.NewOrderSingle, order);
      await client.expect(MSG_TYPE.ExecutionReport, {
        [TAG.ClOrdID]: order[TAG.ClOrdID] ?? '',
        [TAG.ExecType]: '0',
      });
    }
  });

  describe('instead of FIX', () => {
    const GARBAGE: Readonly<Record<string, Buffer>> = {
      'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: venue\r\n\r\n'),
      'a TLS handshake': Buffer.from('16030100c8010000c40303', 'hex'),
      zeros: Buffer.alloc(100 * KIB),
      'a megabyte of nothing in particular': Buffer.from('the quick brown fox '.repeat(52_429)),
      'a frame that announces a gigabyte': Buffer.from('8=FIX.4.4\x019=1000000000\x0135=A\x01'),
      'a Logon whose checksum is wrong': Buffer.from('8=FIX.4.4\x019=5\x0135=A\x0110=000\x01'),
    };
    for (const [what, bytes] of Object.entries(GARBAGE)) {
      it(`${what} ends the connection without a word`, async () => {
        const stranger = await Stranger.connect(venue.fixPort);
        stranger.socket.write(bytes);
        await stranger.untilClosed();
        expect(stranger.heardBytes).to.equal(0);
      });
    }

    it('a gigabyte that a member announces ends its session with a reason', async () => {
      const session = await logon(mallory);
      session.sendRaw('8=FIX.4.4|9=1000000000|35=D|');
      const logout = await session.expect(MSG_TYPE.Logout);
      expect(logout.get(TAG.Text)).to.match(/BodyLength\(9\) 1000000000/);
      await session.expectClosed();
    });
  });

  describe('from nobody', () => {
    const STRANGERS: Readonly<Record<string, Partial<MemberIdentity>>> = {
      'a wrong password': { password: 'mallory-passw0rd' },
      'an unknown user': { username: 'nobody' },
      "another member's SenderCompID": { senderCompId: alice.senderCompId },
      'a SenderCompID that nobody has': { senderCompId: 4711 },
    };
    for (const [what, wrong] of Object.entries(STRANGERS)) {
      it(`is cut off without a word: ${what}`, async () => {
        await (await logon(mallory)).logout();
        const stranger = await FixClient.connect({ port: venue.fixPort, ...mallory, ...wrong });
        stranger.sendLogon();
        await stranger.expectClosed();
        // Numbers are used for those who are known only: Logon and Logout were 1 and 2, both ways.
        const after = await FixClient.connect({ port: venue.fixPort, ...mallory, nextOutSeqNum: 3 });
        expect((await after.logon()).msgSeqNum).to.equal(3);
        await after.logout();
      });
    }
  });

  describe('that is silence', () => {
    it('before the Logon is cut off after a bound', async () => {
      const stranger = await Stranger.connect(venue.fixPort);
      await stranger.untilClosed();
      expect(stranger.heardBytes).to.equal(0);
    });

    it('a Logon that comes byte by byte is cut off after the same bound', async () => {
      const frame = fixFrame('35=A|49=1003|56=ONEBOOK|34=1|52=20261122-12:00:00.000|98=0|108=30|');
      const stranger = await Stranger.connect(venue.fixPort);
      let sent = 0;
      const stop = systemClock.every(LIMITS.logonTimeoutMs / 50, () => {
        stranger.socket.write(frame.subarray(sent, sent + 1));
        sent += 1;
      });
      await stranger.untilClosed();
      stop();
      expect(sent, 'bytes that were sent').to.be.within(10, frame.length - 1);
      expect(stranger.heardBytes).to.equal(0);
    });
  });

  describe('in masses', () => {
    it('for a member that does not read the answers ends its session; memory stays bounded', async () => {
      const session = await logon(mallory);
      session.stopReading();
      const question = { [TAG.TestReqID]: 'x'.repeat(500) };
      const before = venue.residentBytes;
      let largest = before;
      await until(
        'the end of a session that does not read',
        () => {
          for (let i = 0; i < 500; i += 1) session.send(MSG_TYPE.TestRequest, question);
          largest = Math.max(largest, venue.residentBytes);
          return venue.events.some(
            ({ event, reason, senderCompId }) =>
              event === 'session ended' &&
              senderCompId === mallory.senderCompId &&
              String(reason).startsWith('the member does not read'),
          );
        },
        30_000,
      );
      session.close();
      expect(largest - before, 'growth of the process in bytes').to.be.below(150 * MIB);
    });

    it('of 200 connections at once: those beyond the bound are closed, members get in again', async () => {
      const strangers = await Promise.all(Array.from({ length: 200 }, () => Stranger.connect(venue.fixPort)));
      await until('the surplus to be closed', () => {
        return strangers.filter(({ isClosed }) => isClosed).length >= strangers.length - MAX_CONNECTIONS;
      });
      await Promise.all(strangers.map((stranger) => stranger.untilClosed()));
      const session = await logon(mallory);
      await session.logout();
    });

    it('leaves the process alive, ready and small', async () => {
      expect(await venue.api('GET', '/health/live')).to.deep.equal({ status: 200, body: { live: true } });
      const { status, body } = await venue.api('GET', '/health/ready');
      expect(status).to.equal(200);
      expect(body).to.deep.include({ ready: true, reasons: [] });
      expect(venue.residentBytes, `bytes, ${residentBytesAtFirst} at first`).to.be.below(MAX_RESIDENT_BYTES);
      expect(venue.events.filter(({ level }) => level === 'error')).to.deep.equal([]);
    });
  });

  /** A session with fresh numbers. */
  function logon(identity: MemberIdentity): Promise<FixClient> {
    return FixClient.logon({ port: venue.fixPort, ...identity }, { [TAG.ResetSeqNumFlag]: 'Y' });
  }
});
