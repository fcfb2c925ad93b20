/** `onebook audit verify` as an operator runs it: beside a venue that trades, after it was killed, and on nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CliResult, fails, onebook } from '../support/cli.ts';
import { burst, identityOf, openMarket, RandomTrader } from '../support/market-day.ts';
import { randomFrom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

interface Shown {
  readonly chains: readonly {
    readonly chain: string;
    readonly rowCount: number;
    readonly head: { readonly no: number; readonly hash: string };
  }[];
}

describe('onebook audit verify', function () {
  this.timeout(60_000);

  const random = randomFrom(11);
  const traders = ['alice', 'bob'].map((name, i) => new RandomTrader(identityOf(name, i + 1), random));
  let dataDir: string;
  let emptyDir: string;
  let venue: VenueProcess;

  before(async () => {
    emptyDir = await mkdtemp(join(tmpdir(), 'onebook-audit-'));
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir);
    await openMarket(
      venue,
      traders.map(({ member }) => member.identity),
    );
  });
  after(async () => {
    await removeVenue(dataDir);
    await rm(emptyDir, { recursive: true, force: true });
  });

  function verify(...argv: readonly string[]): Promise<CliResult> {
    return onebook(['audit', 'verify', '--data-dir', dataDir, ...argv], { cwd: dataDir });
  }

  it('holds while members trade, with the head that was noted before', async () => {
    await Promise.all(traders.map(({ member }) => member.connect(venue.fixPort)));
    let isOver = false;
    const trading = burst(traders, NO_LIMIT, random, () => isOver);
    const rows: number[] = [];
    const noted: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const result = await verify('--json', ...noted.flatMap((head) => ['--noted', head]));
      expect(result, result.stdout).to.include({ exitCode: 0, stderr: '' });
      const [local, operators] = (JSON.parse(result.stdout) as Shown).chains;
      expect([local?.chain, operators?.chain]).to.deep.equal(['local', 'operators']);
      rows.push(local?.rowCount ?? 0);
      if (local !== undefined) noted.push(`local:${local.head.no}:${local.head.hash}`);
    }
    isOver = true;
    await trading;
    expect(rows[0]).to.be.below(rows[2] ?? 0);
    await until('all answers', () => traders.every(({ member }) => member.unanswered.length === 0));
  });

  it('holds after the venue was killed, and after the next one went on', async () => {
    const trading = burst(traders, NO_LIMIT, random, () => venue.hasEnded);
    await until('requests', () => traders.every(({ member }) => member.unanswered.length > 0));
    await venue.kill();
    await trading;
    const killed = await verify();
    expect(killed.exitCode, killed.stdout).to.equal(0);
    expect(killed.stdout).to.match(/^holds {3}local: \d+ links, \d+ rows\n {8}head local:\d+:[0-9a-f]{64}\n/);
    expect(killed.stdout).to.match(/\nthe audit trail holds; 2 chains in [\d.]+ s\n$/);
    venue = await VenueProcess.start(dataDir);
    const again = await verify();
    expect(again.exitCode, again.stdout).to.equal(0);
  });

  it('names a difference, and ends with 1', async () => {
    await withRows(await embeddedUrl(dataDir), async (client) => {
      const off = "where set_config('onebook.append_only', 'off', true) = 'off' and";
      await client.query(`update trades set price = price * 2 ${off} id = (select min(id) from trades)`);
    });
    const { exitCode, stdout, stderr } = await verify('--noted', `local:1:${'0'.repeat(64)}`);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 1, stderr: 'error: 2 differences\n' });
    expect(stdout).to.match(
      /^BROKEN {2}local: 1 difference\n {8}link \d+: trade \d+ \(\S+\) has been changed\n/,
    );
    expect(stdout).to.match(
      /\nBROKEN {2}beside the chains: 1 difference\n {8}local: 1(, which was noted, is not in | has not the )/,
    );
  });

  it('ends with 2 where it cannot run, and makes nothing', async () => {
    const run = ['audit', 'verify'];
    await fails(emptyDir, [...run, '--data-dir', 'none'], 2, /there is no database in .*none/);
    await fails(emptyDir, [...run, '--limit', '0'], 2, /a number from 1 on/);
    await fails(emptyDir, [...run, '--noted', 'local:1'], 2, /a head as it was shown/);
    const secret = 'hunter2hunter2';
    const url = `postgres://onebook:${secret}@127.0.0.1:1/onebook`;
    const { stderr } = await fails(emptyDir, [...run, '--database-url', url], 2, /nothing was verified: /);
    expect(stderr).not.to.include(secret);
  });
});
