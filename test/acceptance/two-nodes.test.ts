/**
 * Two processes of the venue on one Postgres of the operator's: both start at once, one trades, the other takes over
 * when that one is killed.
 */
import { expect } from 'chai';
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { cancelOf, identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import { auditMember } from '../support/member-audit.ts';
import { freePorts } from '../support/operating-system.ts';
import { RecordingMember } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import {
  type ApiAnswer,
  askApi,
  newDataDir,
  removeVenue,
  VenueProcess,
  withRows,
} from '../support/venue-process.ts';
import { auditRows, readVenueRows } from '../support/venue-rows.ts';

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('alice', 1);

describe('Two nodes on one database', function () {
  this.timeout(60_000);

  const dataDirs: string[] = [];

  let database: TestDatabase;
  let nodes: readonly VenueProcess[];
  let adminPorts: readonly number[];
  let first: VenueProcess;
  let second: VenueProcess;

  before(async () => {
    database = await testDatabase();
    adminPorts = await freePorts(2);
    const dirs = [await freshDir(), await freshDir()];
    nodes = await Promise.all(
      dirs.map((dataDir, i) =>
        VenueProcess.spawn(dataDir, {
          node: `node-${i + 1}`,
          databaseUrl: database.url,
          adminPort: adminPorts[i] ?? 0,
        }),
      ),
    );
  });

  after(async () => {
    for (const node of nodes) if (!node.hasEnded) await node.kill();
    await database.drop();
    for (const dataDir of dataDirs) await removeVenue(dataDir);
  });

  it('both come up at once, and exactly one trades', async () => {
    const answers = await until('one node to trade and the other to wait', async () => {
      const both = await Promise.all(adminPorts.map((port) => askApi(port, 'GET', '/health/ready')));
      return both.some(isReady) && both.some(isWaiting) && both;
    });
    expect(answers.filter(isReady)).to.have.lengthOf(1);
    const [trading, waiting] = answers.map(isReady).indexOf(true) === 0 ? nodes : [...nodes].reverse();
    if (trading === undefined || waiting === undefined) throw new Error('there are two nodes');
    [first, second] = [trading, waiting];
    await first.untilRunning();
    await openMarket(first, [ALICE]);
    for (const node of nodes) {
      expect(node.events.filter(({ level }) => level === 'error')).to.deep.equal([]);
    }
  });

  it('the other says why it does not, and lets nobody in', async () => {
    const index = nodes.indexOf(second);
    const { body } = await askApi(adminPorts[index] ?? 0, 'GET', '/health/ready');
    expect(body.ready).to.equal(false);
    const name = `node-${nodes.indexOf(first) + 1}`;
    expect(String(body.reasons)).to.match(new RegExp(`${name}.*trades on this database`));
    expect(() => second.fixPort).to.throw('not said');
  });

  it('the other takes over by itself when the first is killed, with the same book', async () => {
    const alice = new RecordingMember(ALICE);
    await alice.connect(first.fixPort);
    const terms = { clOrdId: 'bid-1', symbol: SYMBOL, side: '1', orderQty: '1', price: '10.00' } as const;
    alice.ask(MSG_TYPE.NewOrderSingle, newOrder(terms));
    await until('the report', () => alice.heard.length === 1);
    await first.kill();
    await alice.untilCut();
    await second.untilRunning();
    expect((await second.api('GET', '/health/ready')).status).to.equal(200);

    await alice.connect(second.fixPort);
    alice.ask(MSG_TYPE.OrderCancelRequest, cancelOf('cancel-1', 'bid-1', SYMBOL, '1'));
    await until('the answer', () => alice.unanswered.length === 0);
    const rows = await withRows(database.url, readVenueRows);
    auditRows(rows);
    auditMember(alice, rows);
    expect(rows.orders.map(({ clOrdId, status }) => ({ clOrdId, status }))).to.deep.equal([
      { clOrdId: 'bid-1', status: '4' },
    ]);
    await alice.logout();
  });

  it('one that waits can be stopped like any other', async () => {
    const dataDir = await freshDir();
    const [adminPort = 0] = await freePorts(1);
    const third = await VenueProcess.spawn(dataDir, {
      node: 'node-3',
      databaseUrl: database.url,
      adminPort,
    });
    await until('the third to wait', async () => isWaiting(await askApi(adminPort, 'GET', '/health/ready')));
    expect(await third.stop()).to.deep.equal({ code: 0, signal: null });
    expect(await second.stop()).to.deep.equal({ code: 0, signal: null });
  });

  async function freshDir(): Promise<string> {
    const dataDir = await newDataDir();
    dataDirs.push(dataDir);
    return dataDir;
  }
});

function isReady({ status }: ApiAnswer): boolean {
  return status === 200;
}

/** Whether a node says that it waits for another one. */
function isWaiting({ status, body }: ApiAnswer): boolean {
  return status === 503 && String(body.reasons).includes('trades on this database');
}
