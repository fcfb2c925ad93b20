/** Fees that are agreed with one member: what its orders hold and pay, beside members who pay the instrument's. */
import { expect } from 'chai';
import { lots, ticks } from '../../src/matching/types.ts';
import { entered, JudgingDesk, termsWith, units } from '../support/judging-desk.ts';
import { buyOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { SmallMarket } from '../support/small-market.ts';

const BPS = 10_000;
const MAKER = 1;
const TAKER = 2;

/** Rates of the instrument are 10 and 20 basis points. */
describe('fees of a member', () => {
  const funds = { USD: '1000', BTC: '5' };

  /** Sells 1 BTC at 100 USD to the other, who takes it. */
  function trade(terms: Parameters<typeof termsWith>[0] = {}): SmallMarket {
    const member = { balances: funds, terms };
    const market = new SmallMarket({ [MAKER]: member, [TAKER]: member }, { referencePrice: ticks(10_000) });
    market.send(MAKER, sellOrder('m', '1', '100'));
    market.settle();
    market.send(TAKER, buyOrder('t', '1', '100'));
    market.settle();
    return market;
  }

  function feesOf(market: SmallMarket): (string | undefined)[] {
    return [MAKER, TAKER].map((userId) => {
      const reports = market.reports(userId).filter((report) => report.type === 'ExecutionReport');
      return reports.find(({ fill }) => fill !== undefined)?.fill?.fee;
    });
  }

  it('are the instrument’s unless something is agreed', () => {
    expect(feesOf(trade())).to.deep.equal(['0.1', '0.2']);
  });

  it('are charged and reported as maker and as taker, each by itself', () => {
    const market = trade({ makerFeeRate: 3 * BPS, takerFeeRate: BPS / 2 });
    expect(feesOf(market)).to.deep.equal(['0.03', '0.005']);
    expect(market.row(MAKER, 'USD')).to.deep.equal({ amount: units('1099.97'), held: 0n });
    expect(market.row(TAKER, 'USD')).to.deep.equal({ amount: units('899.995'), held: 0n });
    expect(market.row(0, 'USD').amount).to.equal(units('0.035'));
    expect(feesOf(trade({ takerFeeRate: 30 * BPS }))).to.deep.equal(['0.1', '0.3']);
  });

  it('may be none at all', () => {
    const market = trade({ makerFeeRate: 0, takerFeeRate: 0 });
    expect(feesOf(market)).to.deep.equal(['0', '0']);
    expect(market.row(0, 'USD').amount).to.equal(0n);
  });

  it('are part of what an order holds, at the higher of both rates', () => {
    const desk = new JudgingDesk();
    desk.account.setTerms(termsWith({ makerFeeRate: 0, takerFeeRate: 50 * BPS }));
    desk.accept(['a', '1', '100']);
    expect(desk.available('USD')).to.equal('899.5');
    desk.account.setTerms(termsWith({ makerFeeRate: 0, takerFeeRate: 0 }));
    desk.accept(['b', '1', '100']);
    expect(desk.available('USD')).to.equal('799.5');
  });

  it('stay with an order as they were when it was accepted, also when it is replaced', () => {
    const desk = new JudgingDesk();
    desk.account.setTerms(termsWith({ makerFeeRate: 0, takerFeeRate: 50 * BPS }));
    const order = desk.accept(['a', '1', '100']);
    desk.account.setTerms(termsWith({}));
    desk.judge(replaceOrder('r', 'a', '2', '100'));
    expect(desk.available('USD')).to.equal('799');
    desk.commit({ ...order, clOrdId: 'r', quantity: lots(20_000), leavesQty: lots(20_000) }, 'r');
    expect(desk.available('USD')).to.equal('799');
    const { makerFeeRate, takerFeeRate } = entered(desk.judge(buyOrder('b', '1', '100')));
    expect([makerFeeRate, takerFeeRate]).to.deep.equal([10 * BPS, 20 * BPS]);
  });
});
