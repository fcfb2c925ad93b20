/**
 * Deposits, withdrawals and adjustments of a venue process: once each, whatever happens to the answer; never of money
 * that an order holds; and who, when and why in a row that cannot be changed unseen.
 */
import { userInfo } from 'node:os';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { onebook } from '../support/cli.ts';
import { FixClient } from '../support/fix-client.ts';
import { cancelOf, identityOf, newOrder, openMarket } from '../support/market-day.ts';
import { expectReconciled } from '../support/reconciled.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const [ALICE, BOB] = [identityOf('alice', 1), identityOf('bob', 2)] as const;
const SYMBOL = 'ETH-USD';
const ALL_ETH = '5000';
const DEPOSIT = { type: 'deposit', username: 'bob', asset: 'USD', amount: '7' } as const;

interface Answer {
  readonly status: number;
  readonly body: { readonly balance?: string; readonly repeated?: boolean; readonly error?: string };
}

describe('A transfer', function () {
  this.timeout(60_000);

  let venue: VenueProcess;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    await openMarket(venue, [ALICE, BOB]);
  });
  after(() => removeVenue(venue.dataDir));

  async function transfer(body: object): Promise<Answer> {
    return (await venue.api('POST', '/v1/transfers', body)) as Answer;
  }

  function rows<Row extends object>(sql: string): Promise<Row[]> {
    return embeddedUrl(venue.dataDir).then((url) =>
      withRows(url, async (client) => (await client.query<Row>(sql)).rows),
    );
  }

  async function countOf(id: string): Promise<string | undefined> {
    const [found] = await rows<{ count: string }>(
      `select count(*) from transfers where idempotency_key = '${id}'`,
    );
    return found?.count;
  }

  function verify() {
    return onebook(['audit', 'verify', '--data-dir', venue.dataDir], { cwd: venue.dataDir });
  }

  it('that two operators ask for at one instant is booked once, and all but one are told so', async () => {
    const asked = ['7', '7', '7', '8'].map((amount) => transfer({ ...DEPOSIT, amount, id: 'twice' }));
    const answered = await Promise.all(asked);
    // Which of the two amounts comes first is chance: the other one is refused.
    const booked = answered.filter(({ status }) => status === 200);
    expect(booked.filter(({ body }) => body.repeated === false).length).to.equal(1);
    for (const { status, body } of answered.filter((one) => !booked.includes(one))) {
      expect({ status, ...body }).to.deep.equal({
        status: 409,
        error: 'the id "twice" was used for another transfer',
      });
    }
    expect([1, 3]).to.include(booked.length);
    expect(await countOf('twice')).to.equal('1');
    const refused = venue.events.filter(({ alarm }) => alarm !== undefined);
    expect(refused, 'no commit is refused for it').to.deep.equal([]);
  });

  it('and an order that want the same money do not both get it', async () => {
    const alice = await FixClient.logon({ port: venue.fixPort, ...ALICE });
    for (let round = 0; round < 12; round += 1) {
      const withdrawal = { type: 'withdrawal', username: 'alice', asset: 'ETH', amount: ALL_ETH };
      const clOrdId = `race-${round}`;
      const asked = transfer({ ...withdrawal, id: clOrdId });
      if (round % 2 === 1) {
        await until('who asked to be in the audit', async () => {
          return (await rows(`select from audit where details->>'id' = '${clOrdId}'`)).length > 0;
        });
      }
      alice.send(
        MSG_TYPE.NewOrderSingle,
        newOrder({ clOrdId, symbol: SYMBOL, side: '2', orderQty: ALL_ETH, price: '999.00' }),
      );
      const execType = (await alice.expect(MSG_TYPE.ExecutionReport)).get(TAG.ExecType);
      const { status, body } = await asked;
      expect(`${execType} ${status}`).to.be.oneOf(['0 409', '8 200']);
      if (status === 200) {
        await transfer({ ...withdrawal, type: 'deposit', id: `back-${round}` });
        continue;
      }
      expect(body.error).to.equal('insufficient funds: needs 5000 ETH, available 0 ETH');
      alice.send(MSG_TYPE.OrderCancelRequest, cancelOf(`x-${round}`, clOrdId, SYMBOL, '2'));
      await alice.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '4' });
    }
    alice.close();
  });

  it('adjusts a balance either way, and its row says who, when and why', async () => {
    const operator = userInfo().username;
    const adjust = ['adjust', '--username', 'bob', '--asset', 'BTC', '--id', 'adj-1'];
    const why = ['--reason', 'lost at the custodian'];
    const first = await venue.onebook([...adjust, ...why, '--amount', '-0.5']);
    expect(first.stdout).to.equal('bob now has 4999.5 BTC; transfer id adj-1\n');
    const again = await venue.onebook([...adjust, ...why, '--amount', '-0.5']);
    expect(again.stdout).to.contain('(booked before; nothing changed)');
    const other = await venue.onebook([...adjust, ...why, '--amount', '0.5']);
    expect(other).to.include({
      exitCode: 1,
      stderr: 'error: the id "adj-1" was used for another transfer\n',
    });
    expect((await venue.onebook([...adjust, '--amount', '-0.5'])).exitCode).to.equal(2);
    expect(
      await rows(
        `select kind, trim_scale(amount)::text as amount, reason, requested_by, now() - created_at < '1 minute' as is_new
           from transfers where idempotency_key = 'adj-1'`,
      ),
    ).to.deep.equal([
      {
        kind: 'adjustment',
        amount: '-0.5',
        reason: 'lost at the custodian',
        requested_by: operator,
        is_new: true,
      },
    ]);
    expect(
      await rows(`select actor, details->>'reason' as reason, details->'outcome' as outcome from audit
        where action = 'adjustment' order by no`),
    ).to.deep.equal([
      { actor: operator, reason: 'lost at the custodian', outcome: null },
      { actor: operator, reason: 'lost at the custodian', outcome: { booked: true } },
    ]);
    const unseen = (reason: string) =>
      rows(
        `set onebook.append_only = 'off'; update transfers set reason = '${reason}' where idempotency_key = 'adj-1'`,
      );
    await unseen('a gift');
    const found = await verify();
    expect(found.exitCode).to.equal(1);
    expect(found.stdout).to.match(/transfer \d+ \("adj-1" of user 2\) has been changed/);
    await unseen('lost at the custodian');
    expect((await verify()).exitCode).to.equal(0);
  });

  it('whose answer a kill has eaten is booked once when it is repeated', async () => {
    for (const afterMs of [0, 8, 20]) {
      const id = `kill-${afterMs}`;
      const asked = transfer({ ...DEPOSIT, id }).catch(() => undefined);
      const startedAt = process.hrtime.bigint();
      await until(
        'some time to pass',
        () => process.hrtime.bigint() - startedAt > BigInt(afterMs) * 1_000_000n,
      );
      await venue.kill();
      await asked;
      venue = await VenueProcess.start(venue.dataDir);
      const { status } = await transfer({ ...DEPOSIT, id });
      expect(status).to.equal(200);
      expect(await countOf(id)).to.equal('1');
    }
    await expectReconciled(await embeddedUrl(venue.dataDir));
  });
});
