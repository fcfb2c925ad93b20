/**
 * What happens to a venue in operation, with real processes: it is stopped, started twice, finds its ports taken and
 * its database gone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { findProcess } from '../../src/persistence/postgres/processes.ts';
import { FixClient } from '../support/fix-client.ts';
import { identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import { childrenOf, listen, portOf } from '../support/operating-system.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import {
  type ApiAnswer,
  embeddedUrl,
  newDataDir,
  removeVenue,
  VenueProcess,
  withRows,
} from '../support/venue-process.ts';

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('alice', 1);

describe('Operating a venue', function () {
  this.timeout(60_000);

  const dataDirs: string[] = [];
  let lastNo = 0;

  after(async () => {
    for (const dataDir of dataDirs) await removeVenue(dataDir);
  });

  describe('that is told to stop', () => {
    let venue: VenueProcess;
    let postgresPid: number;
    const accepted: string[] = [];
    const refused: string[] = [];

    before(async () => {
      venue = await VenueProcess.start(await freshDir());
      await openMarket(venue, [ALICE]);
      postgresPid = await venue.postgresPid();
    });

    it('answers what is in flight, logs everybody out and ends with exit code 0', async () => {
      const session = await logon(venue, ALICE);
      for (let i = 0; i < 500; i += 1) session.send(MSG_TYPE.NewOrderSingle, bid());
      accepted.push((await session.expect(MSG_TYPE.ExecutionReport)).get(TAG.ClOrdID) ?? '');
      venue.signal('SIGTERM');
      for (;;) {
        const message = await session.nextMessage();
        if (message.msgType === MSG_TYPE.Logout) {
          expect(message.get(TAG.Text)).to.equal('the venue is stopping');
          break;
        }
        const clOrdId = message.get(TAG.ClOrdID) ?? '';
        if (message.get(TAG.ExecType) === '0') accepted.push(clOrdId);
        else refused.push(clOrdId);
      }
      session.send(MSG_TYPE.Logout);
      await session.expectClosed();
      expect(await venue.ended).to.deep.equal({ code: 0, signal: null });
      expect(venue.lines.at(-1)).to.equal('stopped');
    });

    it('takes its Postgres with it', () => {
      expect(findProcess(postgresPid)).to.equal(undefined);
    });

    it('has kept exactly the orders that it acknowledged', async () => {
      venue = await VenueProcess.start(venue.dataDir);
      const orders = await withRows(await embeddedUrl(venue.dataDir), (client) =>
        client.query<{ cl_ord_id: string }>('select cl_ord_id from orders'),
      );
      expect(orders.rows.map((row) => row.cl_ord_id)).to.have.members(accepted);
      expect(refused.filter((clOrdId) => accepted.includes(clOrdId))).to.deep.equal([]);
      await venue.stop();
    });
  });

  describe('that is started where it cannot run', () => {
    let venue: VenueProcess;

    before(async () => {
      venue = await VenueProcess.start(await freshDir());
    });

    after(() => venue.stop());

    it('refuses a data directory that another one uses, and says which', async () => {
      const second = await VenueProcess.spawn(venue.dataDir);
      expect(await second.ended).to.deep.equal({ code: 2, signal: null });
      expect(told(second)).to.deep.equal([
        `error: ${venue.dataDir} is in use by another venue (process ${venue.pid}): stop it, or give this one a data directory of its own`,
      ]);
      expect((await venue.api('GET', '/health/ready')).status).to.equal(200);
    });

    for (const which of ['fixPort', 'adminPort'] as const) {
      it(`refuses a ${which} that is taken in one line, and leaves no Postgres behind`, async () => {
        const taken = await listen();
        try {
          const dataDir = await freshDir();
          const second = await VenueProcess.spawn(dataDir, { [which]: portOf(taken) });
          expect(await second.ended).to.deep.equal({ code: 2, signal: null });
          const [line, ...more] = told(second);
          expect(line).to.match(new RegExp(`^error: .*127\\.0\\.0\\.1:${portOf(taken)}.*in use`));
          expect(more).to.deep.equal([]);
          expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).to.equal(false);
        } finally {
          taken.close();
        }
      });
    }
  });

  describe('whose database fails', () => {
    let venue: VenueProcess;
    let session: FixClient;

    before(async () => {
      venue = await VenueProcess.start(await freshDir());
      await openMarket(venue, [ALICE]);
      session = await logon(venue, ALICE);
    });

    after(() => venue.stop());

    it('says that it lives and is not ready while Postgres hangs, and answers when it goes on', async () => {
      const postmaster = await venue.postgresPid();
      const all = [postmaster, ...childrenOf(postmaster)];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      try {
        const answer = await until('the venue to notice', async () => {
          const ready = await venue.api('GET', '/health/ready');
          return ready.status === 503 && ready;
        });
        expect(answer.body.ready).to.equal(false);
        expect(String(answer.body.reasons)).to.contain('database does not answer');
        expect((await venue.api('GET', '/health/live')).status).to.equal(200);
        session.send(MSG_TYPE.NewOrderSingle, bid());
        session.send(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'still there?' });
        // The order waits for its commit; the session does not.
        await session.expect(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: 'still there?' });
      } finally {
        for (const pid of all.reverse()) process.kill(pid, 'SIGCONT');
      }
      await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0' });
      await untilReady(venue);
    });

    it('says that it is not ready when Postgres is killed, and is ready again by itself', async () => {
      process.kill(await venue.postgresPid(), 'SIGKILL');
      await until(
        'the venue to notice',
        async () => (await venue.api('GET', '/health/ready')).status === 503,
      );
      await untilReady(venue);
      const order = await until('an order that is taken', async () => {
        session.send(MSG_TYPE.NewOrderSingle, bid());
        const message = await session.nextMessage();
        return message.msgType === MSG_TYPE.ExecutionReport && message;
      });
      expect(order.get(TAG.ExecType)).to.equal('0');
      await session.logout();
    });

    it('adopts the Postgres that survives a kill -9 of the venue', async () => {
      const before = await venue.postgresPid();
      await venue.kill();
      expect(findProcess(before)?.pid).to.equal(before);
      venue = await VenueProcess.start(venue.dataDir);
      expect(await venue.postgresPid()).to.equal(before);
      expect(venue.events.map(({ event }) => event)).to.include('postgres adopted');
    });
  });

  async function freshDir(): Promise<string> {
    const dataDir = await newDataDir();
    dataDirs.push(dataDir);
    return dataDir;
  }

  function bid(): Record<number, string> {
    lastNo += 1;
    return newOrder({ clOrdId: `bid-${lastNo}`, symbol: SYMBOL, side: '1', orderQty: '1', price: '10.00' });
  }
});

/** The lines on standard error that are no log events. */
function told(venue: VenueProcess): readonly string[] {
  return venue.errorLines.filter((line) => !line.startsWith('{'));
}

function isReady({ status }: ApiAnswer): boolean {
  return status === 200;
}

async function untilReady(venue: VenueProcess): Promise<void> {
  await until('the venue to be ready', async () => isReady(await venue.api('GET', '/health/ready')));
}

function logon(venue: VenueProcess, identity: MemberIdentity): Promise<FixClient> {
  return FixClient.logon({ port: venue.fixPort, ...identity });
}
