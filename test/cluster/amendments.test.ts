/** A trade is busted whose book and whose parties' accounts are on three nodes, any of which may go away. */
import { expect } from 'chai';
import type { Reply } from '../../src/actors/protocol.ts';
import { formatAmount } from '../../src/platform/decimal.ts';
import { amendTrade, BUST } from '../support/amending-venue.ts';
import { EngineCluster } from '../support/engine-cluster.ts';
import { buyOrder, sellOrder } from '../support/member-commands.ts';

const VENUE = 0;
const ALICE = 1;
const BOB = 2;
/** After the trade, with its fees. */
const BEFORE = { alice: '899.9 USD, 1 BTC', bob: '99.8 USD, 9 BTC' };

describe('a trade whose book and parties are on three nodes', () => {
  let cluster: EngineCluster;

  beforeEach(async () => {
    cluster = new EngineCluster({
      accounts: { [VENUE]: 'engine-2', [ALICE]: 'engine-1', [BOB]: 'engine-2' },
      books: { 'BTC-USD': 'engine-3', 'ETH-USD': 'engine-3' },
    });
    await cluster.start('engine-1', 'engine-2', 'engine-3');
    // Asked of a node that has neither account.
    const deposits = [
      cluster.engine('engine-3').deposit(ALICE, 'USD', '1000'),
      cluster.engine('engine-3').deposit(BOB, 'BTC', '10'),
    ];
    await cluster.quiet();
    expect((await Promise.all(deposits)).map(({ type }) => type)).to.deep.equal([
      'TransferBooked',
      'TransferBooked',
    ]);
    cluster.send(ALICE, buyOrder('bid', '2', '100'));
    await cluster.quiet();
    cluster.send(BOB, sellOrder('ask', '1', '100'));
    await cluster.quiet();
    expect(owned()).to.deep.equal(BEFORE);
  });

  afterEach(() => {
    cluster.shutdown();
  });

  function owned() {
    const of = (userId: number): string =>
      ['USD', 'BTC']
        .map((asset) => `${formatAmount(cluster.store.balance(userId, asset).amount)} ${asset}`)
        .join(', ');
    return { alice: of(ALICE), bob: of(BOB) };
  }

  function amend(name: string): Promise<Reply> {
    const trade = cluster.store.events.findLast((event) => event.type === 'TradeExecuted');
    return amendTrade(cluster.engine(name), trade?.tradeId ?? 0, BUST);
  }

  /** What the operator is told when all that can be done is done. */
  async function outcome(reply: Promise<Reply>): Promise<string> {
    await cluster.quiet();
    const answer = await Promise.race([reply, Promise.resolve(undefined)]);
    if (answer === undefined) throw new Error('no answer');
    return answer.type === 'CommandRejected' ? answer.text : answer.type;
  }

  for (const name of ['engine-1', 'engine-2', 'engine-3']) {
    it(`is busted when ${name} is asked, and what was set aside is free again`, async () => {
      expect(await outcome(amend(name))).to.equal('TradeAmended');
      expect(owned()).to.deep.equal({ alice: '1000 USD, 0 BTC', bob: '0 USD, 10 BTC' });
      // As much as Alice has beside her open order, of which half is open again.
      cluster.send(ALICE, buyOrder('all', '8', '100'));
      cluster.send(BOB, sellOrder('all', '10', '200'));
      await cluster.quiet();
      expect([...cluster.store.orders.values()].map(({ entryClOrdId }) => entryClOrdId)).to.include('all');
      expect(cluster.store.requests).to.deep.equal([]);
    });
  }

  for (const [what, away, text] of [
    ['a party', 'engine-1', 'no engine with the account of user 1 can be reached: try again'],
    ['the book', 'engine-3', 'no engine with the book of BTC-USD can be reached: try again'],
  ] as const) {
    it(`is not busted while the node of ${what} is away, and is when that is back`, async () => {
      cluster.cut(away);
      await cluster.pass(100);
      expect(await outcome(amend('engine-2'))).to.equal(text);
      expect(owned()).to.deep.equal(BEFORE);
      await cluster.mend();
      expect(await outcome(amend('engine-2'))).to.equal('TradeAmended');
    });
  }

  it('is not busted when the node of a party goes away before that has answered', async () => {
    cluster.silence('engine-1');
    const reply = amend('engine-2');
    await cluster.pass(20);
    expect(await Promise.race([reply, 'nothing yet'])).to.equal('nothing yet');
    cluster.cut('engine-1');
    expect(await outcome(reply)).to.equal(
      'the engine with the account of user 1 went away: nothing was done, try again',
    );
    expect(owned()).to.deep.equal(BEFORE);
    await cluster.mend();
    expect(await outcome(amend('engine-2'))).to.equal('TradeAmended');
  });

  it('is not busted when a party’s account gets another owner before the commit', async () => {
    const engine = cluster.engine('engine-3');
    cluster.store.commitGate.close();
    cluster.send(ALICE, buyOrder('first', '1', '90'));
    await cluster.until('a commit under way', () => cluster.store.commitGate.waitingCount === 1);
    const reply = amend('engine-2');
    await cluster.until('the amendment behind it', () => engine.persistenceStatus().bufferedEntries === 1);
    cluster.raiseEpoch(ALICE);
    cluster.engine('engine-1').tell({ type: 'exchange' }, { type: 'AccountsGone', shards: [ALICE] });
    cluster.store.commitGate.open();
    expect(await outcome(reply)).to.match(/^the engine went away/);
    expect(owned()).to.deep.equal(BEFORE);
    expect(await outcome(amend('engine-2'))).to.equal('TradeAmended');
    expect(engine.lostSymbols).to.deep.equal([]);
  });
});
