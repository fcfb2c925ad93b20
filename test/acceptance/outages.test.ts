/** The venue while its database is away, with real processes: what members and operators are told, and what is kept. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { VenueLimits } from '../../src/config/limits.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { cancelOf, SYMBOLS } from '../support/market-day.ts';
import { childrenOf } from '../support/operating-system.ts';
import { type Outage, OutageScene } from '../support/outage.ts';
import { type PostgresProxy, postgresProxy } from '../support/postgres-proxy.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const SHORT_STALL = { commitStallMs: 300 } as const;
const RETRIES = { retryToMs: 500 } as const;

const DEPOSIT = { type: 'deposit', username: 'bob', asset: 'USD', amount: '7', id: 'late' } as const;

describe('A venue without its database', function () {
  this.timeout(90_000);

  let dataDir: string;
  let venue: VenueProcess;
  let scene: OutageScene;

  async function start(limits: Partial<VenueLimits>, databaseUrl?: string): Promise<void> {
    dataDir = await newDataDir();
    venue = await VenueProcess.start(
      dataDir,
      databaseUrl === undefined ? { limits } : { limits, databaseUrl },
    );
  }

  afterEach(() => removeVenue(dataDir));

  describe('of its own', () => {
    async function openScene(limits: Partial<VenueLimits>): Promise<void> {
      await start(limits);
      scene = await OutageScene.open(venue, () => embeddedUrl(dataDir));
    }

    /** Its processes stand still: they neither answer nor end. */
    async function paused(): Promise<Outage> {
      const postmaster = await venue.postgresPid();
      const all = () => [postmaster, ...childrenOf(postmaster)];
      const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
        for (const pid of all()) process.kill(pid, name);
      };
      return {
        begin: async () => signal('SIGSTOP'),
        end: async () => signal('SIGCONT'),
        reason: /database does not answer/,
      };
    }

    it('that hangs refuses everything with 380=4 after a while, and answers what it took when it is back', async () => {
      await openScene({ ...SHORT_STALL, ...RETRIES });
      await scene.outlast(await paused());
    });

    it('that hangs keeps no operator waiting: every request is answered, and the venue goes on by itself', async () => {
      await openScene({ ...RETRIES, operatorTimeoutMs: 500 });
      const outage = await paused();
      await outage.begin();
      try {
        const lists = ['users', 'instruments', 'orders', 'trades', 'balances'].map((list) => `/v1/${list}`);
        const answers = [
          ...lists.map((list) => venue.api('GET', list)),
          venue.api('POST', '/v1/kill-switch', { reason: 'why', username: 'bob' }),
          venue.api('POST', '/v1/users/bob/terms', { resetOnLogout: true }),
          venue.api('POST', '/v1/transfers', DEPOSIT),
        ];
        for (const { status, body } of await Promise.all(answers)) {
          expect(status).to.equal(503);
          expect(body.error).to.match(/^the database does not answer; [^\n]+$/);
        }
        await scene.untilNotReady(outage.reason);
        expect((await venue.api('GET', '/v1/status')).body).to.include({ ready: false });
        const authorization = `Bearer ${(await readFile(join(dataDir, 'admin.token'), 'utf8')).trim()}`;
        const metrics = await fetch(`http://127.0.0.1:${venue.adminPort}/metrics`, {
          headers: { authorization },
        });
        expect(metrics.status).to.equal(200);
      } finally {
        await outage.end();
      }
      await scene.untilReady();
      // What was not answered in time may have been done, and is done once.
      expect(await venue.done('POST', '/v1/transfers', DEPOSIT)).to.include({ id: DEPOSIT.id });
      scene.enter();
      await scene.untilNothingIsPending();
      await scene.expectTruth();
    });

    it('that is killed and cannot be started again goes on when it can', async () => {
      await openScene(RETRIES);
      const needed = join(clusterDirOf(dataDir), 'global');
      await scene.outlast({
        async begin() {
          await rename(needed, `${needed}.away`);
          process.kill(await venue.postgresPid(), 'SIGKILL');
          await until('the venue to try in vain', () =>
            venue.events.some(({ event }) => event === 'postgres does not start'),
          );
        },
        end: () => rename(`${needed}.away`, needed),
        reason: /cannot be reached/,
      });
    });

    it('that hangs unnoticed rejects past the bound, keeps a tenth for cancels, and acknowledges nothing', async () => {
      await openScene({ commitStallMs: 3_600_000, maxCommandsInFlight: 20 });
      const resting = [scene.enter(), scene.enter(), scene.enter()];
      await scene.untilNothingIsPending();
      const outage = await paused();
      await outage.begin();
      try {
        for (let no = 1; no <= 20; no += 1) scene.enter();
        // Two orders are beyond nine tenths; two cancels are taken, and the third is refused.
        for (const no of [1, 2]) {
          const { fields } = answerOf(await scene.hear());
          expect(fields, `order ${no}`).to.deep.equal({ msgType: '8', execType: '8', reason: '0' });
        }
        const [symbol] = SYMBOLS;
        for (const clOrdId of resting) {
          scene.alice.send(MSG_TYPE.OrderCancelRequest, cancelOf(`x-${clOrdId}`, clOrdId, symbol, '1'));
        }
        const refused = await scene.alice.expect(MSG_TYPE.OrderCancelReject, { [TAG.CxlRejReason]: 2 });
        expect(refused.get(TAG.ClOrdID)).to.equal(`x-${resting[2]}`);
        expect(scene.alice.waitingCount).to.equal(0);
      } finally {
        await outage.end();
      }
      const kinds: string[] = [];
      while (kinds.length < 20) kinds.push(answerOf(await scene.hear()).fields.execType ?? '');
      expect(kinds.filter((kind) => kind === '0')).to.have.length(18);
      expect(kinds.filter((kind) => kind === '4')).to.have.length(2);
      await scene.expectTruth();
    });
  });

  describe('elsewhere', () => {
    let database: TestDatabase;
    let proxy: PostgresProxy;

    beforeEach(async () => {
      database = await testDatabase();
      proxy = await postgresProxy(database.url);
    });

    afterEach(async () => {
      await proxy.close();
      await database.drop();
    });

    async function openScene(limits: Partial<VenueLimits>, heartBtInt?: number): Promise<void> {
      await start(limits, proxy.url);
      scene = await OutageScene.open(venue, async () => database.url, heartBtInt);
    }

    const cut = (): Outage => ({
      begin: async () => proxy.cutAll(),
      end: async () => proxy.restore(),
      reason: /cannot be reached/,
    });

    it('whose connections are cut, twice, refuses everything with 380=4 until they can be made again', async () => {
      await openScene(RETRIES);
      await scene.outlast(cut());
      await scene.outlast(cut());
    });

    it('keeps a session alive that was refused more than it has numbers for', async () => {
      await openScene({ ...RETRIES, reservedSeqNums: 256 }, 1);
      proxy.cutAll();
      await scene.untilRefused();
      for (let no = 1; no <= 500; no += 1) scene.enter();
      const { alice } = scene;
      await until('the numbers for answers to be used up', () => alice.waitingCount > 200);
      const refusedCount = alice.waitingCount;
      const lastSeqNum = alice.lastInSeqNum;
      await until('more signs of life than a dead session gives', () => alice.lastInSeqNum >= lastSeqNum + 4);
      expect(alice.waitingCount).to.be.below(refusedCount + 40);
      proxy.restore();
      await scene.untilReady();
      await scene.untilNothingIsPending();
      await scene.expectTruth();
    });
  });
});

function answerOf(message: { readonly msgType: string; get(tag: number): string | undefined }) {
  const { msgType } = message;
  const [execType, reason] = [message.get(TAG.ExecType), message.get(TAG.OrdRejReason)];
  return { fields: { msgType, execType, reason } };
}
