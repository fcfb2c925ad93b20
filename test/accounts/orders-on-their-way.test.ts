/**
 * Money of orders that no commit has told of yet: it is held from the moment at which the order leaves the account. The
 * database would refuse what overdraws it too, and so only an account by itself shows that it does not come to that.
 */
import { expect } from 'chai';
import { JudgingDesk, refusalOf } from '../support/judging-desk.ts';
import { buyOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';

describe('the funds of orders on their way', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  it('are not available to the next order, fee included', () => {
    expect(desk.judge(buyOrder('a', '6', '100')).type).to.equal('ToBook');
    expect(desk.available('USD')).to.equal('398.8');
    expect(refusalOf(desk.judge(buyOrder('b', '4', '100')))).to.include({
      ordRejReason: 3,
      text: 'insufficient funds: needs 400.8 USD, available 398.8 USD',
    });
    expect(desk.judge(sellOrder('s', '5', '100')).type).to.equal('ToBook');
    expect(desk.available('BTC')).to.equal('0');
  });

  it('grow with a replace that is on its way as well', () => {
    desk.accept(['a', '6', '100']);
    expect(desk.judge(replaceOrder('r', 'a', '9', '100')).type).to.equal('ToBook');
    expect(desk.available('USD')).to.equal('98.2');
  });
});
