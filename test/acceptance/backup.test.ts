/**
 * `onebook backup` beside a venue that trades, and a venue that is started on what it made: nothing acknowledged before
 * the backup is missing, everything adds up, and members whose numbers are ahead come back with 141=Y.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { type CliResult, fails, onebook } from '../support/cli.ts';
import { FixClient } from '../support/fix-client.ts';
import { burst, identityOf, newOrder, openMarket, RandomTrader } from '../support/market-day.ts';
import { randomFrom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const REQUESTS = 150;
const EXEC_IDS =
  "select symbol || '-' || accepted_seq as id from orders union all select source || '-' || source_seq from reports";
/** So that a member is soon beyond what a restored venue reserves. */
const LIMITS = { reservedSeqNums: 16 };

describe('A backup', function () {
  this.timeout(90_000);

  const random = randomFrom(3);
  const traders = ['alice', 'bob'].map((name, i) => new RandomTrader(identityOf(name, i + 1), random));
  const [alice, bob] = traders.map(({ member }) => member.identity);
  let dataDir: string;
  let restored: string;
  let venue: VenueProcess;
  /** ExecIDs (17) that members had been told before. */
  let toldBefore: readonly string[];

  before(async () => {
    dataDir = await newDataDir();
    restored = join(await newDataDir(), 'restored');
    venue = await VenueProcess.start(dataDir, { limits: LIMITS });
    await openMarket(
      venue,
      traders.map(({ member }) => member.identity),
    );
    await Promise.all(traders.map(({ member }) => member.connect(venue.fixPort)));
    await burst(traders, REQUESTS, random, () => false);
  });
  after(async () => {
    await removeVenue(restored);
    await removeVenue(join(restored, '..'));
    await removeVenue(dataDir);
  });

  function backup(from: string, to: string, ...argv: readonly string[]): Promise<CliResult> {
    return onebook(['backup', '--data-dir', from, '--to', to, ...argv], { cwd: dataDir });
  }

  function reconcile(directory: string): Promise<CliResult> {
    return onebook(['reconcile', '--data-dir', directory], { cwd: dataDir });
  }

  function execIds(): readonly string[] {
    return traders.flatMap(({ member }) =>
      member.heard
        .map(({ message }) => message.get(TAG.ExecID))
        .filter((id) => id !== undefined && id !== '0'),
    ) as string[];
  }

  it('is made while members trade, who notice nothing, and is whole', async () => {
    toldBefore = execIds();
    expect(toldBefore.length).to.be.above(REQUESTS);
    let isOver = false;
    const trading = burst(traders, NO_LIMIT, random, () => isOver);
    const heardCount = execIds().length;
    const made = await backup(dataDir, restored);
    expect(made.stderr).to.equal('');
    expect(made.stdout).to.match(/^backed up to .*restored: \d{3,} files, \d+ MB in \d+\.\d\d s\n$/);
    expect(await readdir(restored)).to.deep.equal(['postgres']);
    const during = execIds().length - heardCount;
    isOver = true;
    await trading;
    expect(during, 'reports while the backup was made').to.be.above(0);
    await burst(traders, REQUESTS, random, () => false);
    await until('all answers', () => traders.every(({ member }) => member.unanswered.length === 0));
    expect(traders.flatMap(({ member }) => member.violations)).to.deep.equal([]);
    expect(venue.hasEnded).to.equal(false);
    const left = await withRows(await embeddedUrl(dataDir), (client) =>
      client.query('select from pg_replication_slots'),
    );
    expect(left.rowCount, 'log that is kept for nobody').to.equal(0);
  });

  it('adds up', async () => {
    const { exitCode, stdout } = await reconcile(restored);
    expect(exitCode, stdout).to.equal(0);
    expect(stdout).to.match(/\neverything agrees: .* [1-9]\d* trades, /);
  });

  it('becomes a venue again that has everything of before it, and less than what came after', async () => {
    const again = await VenueProcess.start(restored, { limits: LIMITS });
    try {
      const { rows } = await withRows(await embeddedUrl(restored), (client) =>
        client.query<{ id: string }>(EXEC_IDS),
      );
      const kept = new Set(rows.map(({ id }) => id));
      expect(toldBefore.filter((id) => !kept.has(id))).to.deep.equal([]);
      expect(execIds().filter((id) => !kept.has(id))).not.to.deep.equal([]);
      await again.done('POST', '/v1/instruments/BTC-USD/halt', { reason: 'restored from a backup' });
      await refusesWhatIsResent(again);
      await refusesNextExpected(again);
      await beginsAnew(again);
    } finally {
      await again.stop();
    }
    const { exitCode, stdout } = await reconcile(restored);
    expect(exitCode, stdout).to.equal(0);
  });

  /** Without 141=Y the venue's numbers are too low for the member, and it asks for what it has lost. */
  async function refusesWhatIsResent({ fixPort }: VenueProcess): Promise<void> {
    const lastHeard = traders[0]?.member.lastSeqNum ?? 0;
    const client = await FixClient.connect({ port: fixPort, ...alice!, nextOutSeqNum: 100_000 });
    const logon = await client.logon();
    expect(logon.msgSeqNum).to.be.below(lastHeard);
    let request = await client.nextMessage();
    while (request.msgType !== MSG_TYPE.ResendRequest) request = await client.nextMessage();
    const order = newOrder({ clOrdId: 'lost', symbol: 'BTC-USD', side: '1', orderQty: '1', price: '1.00' });
    client.send(MSG_TYPE.NewOrderSingle, order, {
      msgSeqNum: Number(request.get(TAG.BeginSeqNo)),
      possDup: true,
    });
    let answer = await client.nextMessage();
    while (answer.get(TAG.ClOrdID) !== 'lost') answer = await client.nextMessage();
    expect(answer.get(TAG.OrdStatus)).to.equal('8');
    expect(answer.get(TAG.Text)).to.contain('restored from a backup');
    client.close();
  }

  async function refusesNextExpected({ fixPort }: VenueProcess): Promise<void> {
    const client = await FixClient.connect({ port: fixPort, ...bob!, nextOutSeqNum: 100_000 });
    client.sendLogon({ [TAG.NextExpectedMsgSeqNum]: 100_000 });
    const logout = await client.expect(MSG_TYPE.Logout);
    expect(logout.get(TAG.Text)).to.match(
      /^NextExpectedMsgSeqNum\(789\) is 100000, but the venue's next number is \d+$/,
    );
    client.close();
  }

  async function beginsAnew(again: VenueProcess): Promise<void> {
    await again.done('POST', '/v1/instruments/BTC-USD/resume');
    const { fixPort: port } = again;
    const client = await FixClient.connect({ port, ...bob! });
    expect((await client.logon({ [TAG.ResetSeqNumFlag]: 'Y' })).msgSeqNum).to.equal(1);
    // So dear that nobody takes it: a fill would come after its New report.
    const terms = { symbol: 'BTC-USD', side: '2', orderQty: '1', price: '1000.00' } as const;
    client.send(MSG_TYPE.NewOrderSingle, newOrder({ clOrdId: 'after', ...terms }));
    let answer = await client.nextMessage();
    // Before it comes what the member had not been told when the backup was made, as may be repeated.
    while (answer.get(TAG.ClOrdID) !== 'after') {
      expect(answer.get(TAG.PossResend)).to.equal('Y');
      answer = await client.nextMessage();
    }
    expect(answer.get(TAG.ExecType)).to.equal('0');
    await client.logout();
  }

  it('of a venue that was stopped or killed is made of its files', async () => {
    await venue.kill();
    const copy = join(restored, '..', 'stopped');
    try {
      const { exitCode, stdout } = await backup(dataDir, copy);
      expect(exitCode, stdout).to.equal(0);
      expect((await reconcile(copy)).exitCode).to.equal(0);
    } finally {
      await removeVenue(copy);
    }
  });

  it('is refused where something is already, where there is no database, and for a server of one’s own', async () => {
    const taken = join(dataDir, 'taken');
    await mkdir(taken);
    await writeFile(join(taken, 'file'), '');
    const run = (from: string, to: string, line: RegExp, ...more: readonly string[]) =>
      fails(dataDir, ['backup', '--data-dir', from, '--to', to, ...more], 1, line);
    await run(dataDir, taken, /there is no backup: .*taken is there already/);
    await run(join(dataDir, 'none'), join(dataDir, 'new'), /there is no database in .*none/);
    const url = 'postgres://onebook:hunter2hunter2@127.0.0.1:1/onebook';
    const refused = await onebook(
      ['backup', '--data-dir', dataDir, '--to', join(dataDir, 'new'), '--database-url', url],
      { cwd: dataDir },
    );
    expect(refused.stderr).to.match(/a server of your own: back it up with its own tools/);
    expect(refused.stderr).not.to.contain('hunter2');
    expect(await readdir(dataDir)).not.to.include.members(['new']);
    await rm(taken, { recursive: true });
  });
});
