/** What an account undoes when a book gives a request back, and what commits bring it. */
import { expect } from 'chai';
import { lots } from '../../src/matching/types.ts';
import { accountWith, JudgingDesk, NOW, refusalOf, said, units } from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, replaceOrder } from '../support/member-commands.ts';

describe('account', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  describe('requests that a book gives back', () => {
    const unavailable = { type: 'BookUnavailable', text: 'being rebuilt' } as const;
    const failed = { type: 'CommandFailed', text: 'the venue failed' } as const;
    const gone = { type: 'NoSuchOrder' } as const;

    it('are refused, and free what they held', () => {
      const command = buyOrder('a', '1', '100');
      desk.judge(command);
      const report = refusalOf(desk.account.bounced(command, unavailable, NOW));
      expect(report).to.deep.include({ ordRejReason: 2, text: 'being rebuilt' });
      expect(desk.available('USD')).to.equal('1000');
      expect(said(desk.judge(buyOrder('a', '1', '100')))).to.equal('8 8/8 a 103=6');
      expect(said(desk.judge(cancelOrder('x', 'a')))).to.equal('9 F 102=1 39=8 x<a');
    });

    it('are refused with the reason when they made the book fail', () => {
      const command = buyOrder('a', '1', '100');
      desk.judge(command);
      expect(refusalOf(desk.account.bounced(command, failed, NOW))).to.deep.include({
        ordRejReason: 99,
        text: 'the venue failed',
      });
    });

    it('leave a replaced order with its old hold', () => {
      desk.accept(['a', '1', '100']);
      const command = replaceOrder('y', 'a', '5', '100');
      desk.judge(command);
      expect(desk.available('USD')).to.equal('499');
      expect(said(desk.account.bounced(command, unavailable, NOW))).to.equal('9 G 102=2 39=0 y<a');
      expect(desk.available('USD')).to.equal('899.8');
      expect(said(desk.judge(cancelOrder('x', 'y')))).to.equal('9 F 102=1 39=8 x<y');
    });

    it('wait for the commit that closes the order, and are too late then', () => {
      const order = desk.accept(['a', '1', '100']);
      const command = cancelOrder('x', 'a');
      desk.judge(command);
      expect(said(desk.account.bounced(command, gone, NOW))).to.equal(`wait for order ${order.orderId}`);
      expect(said(desk.judge(cancelOrder('x', 'a', { mayBeRepeat: true })))).to.equal('wait for x');
      const filled = { ...order, cumQty: order.quantity, leavesQty: lots(0), ordStatus: '2' } as const;
      const closed = desk.account.settle({ orders: [filled], amounts: [], answered: [] });
      expect(closed).to.deep.equal([order.orderId]);
      expect(said(desk.account.bounced(command, gone, NOW))).to.equal('9 F 102=0 39=2 x<a');
    });

    it('are too late at once when the commit was first', () => {
      const order = desk.accept(['a', '1', '100']);
      const command = replaceOrder('y', 'a', '2', '100');
      desk.judge(command);
      const canceled = { ...order, leavesQty: lots(0), ordStatus: '4' } as const;
      desk.account.settle({ orders: [canceled], amounts: [], answered: [] });
      expect(said(desk.account.bounced(command, gone, NOW))).to.equal('9 G 102=0 39=4 y<a');
      expect(desk.available('USD')).to.equal('1000');
    });

    it('undo nothing when the account does not know them any more', () => {
      const order = desk.accept(['a', '1', '100']);
      desk.account = accountWith({ USD: '1000' }, { orders: [order] });
      expect(said(desk.account.bounced(buyOrder('a', '1', '100'), failed, NOW))).to.equal('8 8/8 a 103=99');
      expect(desk.available('USD')).to.equal('899.8');
      expect(desk.account.openOrders()).to.deep.equal([order]);
    });
  });

  describe('money', () => {
    it('that a commit brings can be spent, and what it takes cannot', () => {
      const order = desk.accept(['a', '1', '100']);
      const filled = { ...order, cumQty: order.quantity, leavesQty: lots(0), ordStatus: '2' } as const;
      desk.account.settle({
        orders: [filled],
        amounts: [
          { asset: 'BTC', amount: units('1') },
          { asset: 'USD', amount: -units('100.1') },
        ],
        answered: [],
      });
      expect(desk.available('USD')).to.equal('899.9');
      expect(desk.available('BTC')).to.equal('6');
      expect(desk.account.openOrders()).to.deep.equal([]);
    });

    it('is deposited and withdrawn, but not what is held', () => {
      expect(desk.account.transfer('USD', units('5'), 't1')).to.equal(units('1005'));
      desk.judge(buyOrder('a', '10', '100'));
      expect(desk.account.transfer('USD', -units('4'), 't2')).to.equal(
        'insufficient funds: needs 4 USD, available 3 USD',
      );
      expect(desk.account.transfer('USD', -units('3'), 't3')).to.equal(units('1002'));
      expect(desk.account.transfer('EUR', -1n, 't4')).to.equal(
        'insufficient funds: needs 0.000000000000000001 EUR, available 0 EUR',
      );
    });

    it('beyond what a column holds is refused', () => {
      const most = 10n ** 38n - 1n;
      expect(desk.account.transfer('EUR', most, 't5')).to.equal(most);
      expect(desk.account.transfer('EUR', 1n, 't6')).to.equal(
        'the balance would exceed what the venue can hold',
      );
    });

    it('that would be negative is a bug, and asserted', () => {
      const amounts = [{ asset: 'USD', amount: -units('1001') }];
      expect(() => desk.account.settle({ orders: [], amounts, answered: [] })).to.throw('balance of USD');
    });
  });
});
