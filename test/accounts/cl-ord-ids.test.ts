/** How many ClOrdIDs of refused cancels an account remembers, and what it means that older ones are forgotten. */
import { expect } from 'chai';
import { lots } from '../../src/matching/types.ts';
import { accountWith, JudgingDesk, NOW, said, TODAY } from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, massCancel, replaceOrder } from '../support/member-commands.ts';

const CLOSED = { ordStatus: '4', leavesQty: lots(0) } as const;

describe('ClOrdIDs of refused cancels', () => {
  let desk: JudgingDesk;

  /** The desk's account remembers three. */
  beforeEach(() => {
    desk = new JudgingDesk();
  });

  function refuseFour(): void {
    for (const id of ['x1', 'x2', 'x3', 'x4']) desk.judge(cancelOrder(id, 'nothing'));
  }

  it('beyond the bound are forgotten, oldest first: they may be used again', () => {
    refuseFour();
    expect(said(desk.judge(cancelOrder('x2', 'nothing')))).to.equal('9 F 102=6 39=8 x2<nothing');
    expect(said(desk.judge(buyOrder('x1', '0.01', '100')))).to.equal('to BTC-USD: EnterOrder');
  });

  it('do not push out those of orders, of refused orders, and of requests on their way', () => {
    desk.accept(['open', '0.01', '100']);
    desk.judge(buyOrder('refused', '0', '100'));
    desk.judge(cancelOrder('y', 'open'));
    desk.judge(replaceOrder('open', 'open', '2', '100'));
    refuseFour();
    const again = ['open', 'refused', 'y'].map((id) => said(desk.judge(buyOrder(id, '0.01', '100'))));
    expect(again).to.deep.equal(['8 8/8 open 103=6', '8 8/8 refused 103=6', 'wait for y']);
  });

  it('include those that came to nothing in their book', () => {
    desk.accept(['a', '0.01', '100'], CLOSED);
    const order = desk.accept(['b', '0.01', '100']);
    const cancels = ['y1', 'y2', 'y3', 'y4'].map((id) => cancelOrder(id, 'b'));
    for (const command of cancels) desk.judge(command);
    desk.commit({ ...order, ...CLOSED });
    for (const command of cancels) desk.account.bounced(command, { type: 'NoSuchOrder' }, NOW);
    expect(said(desk.judge(cancelOrder('y1', 'a')))).to.equal('9 F 102=0 39=4 y1<a');
    expect(said(desk.judge(cancelOrder('y4', 'a')))).to.equal('9 F 102=6 39=4 y4<a');
  });

  it('include mass cancels that are answered, which nothing throttles either', () => {
    for (const id of ['q1', 'q2', 'q3', 'q4']) desk.judge(massCancel(id));
    expect(said(desk.judge(massCancel('q1')))).to.equal('r q1 533=0');
    expect(said(desk.judge(massCancel('q4')))).to.equal('r q4 532=99');
  });

  it('come back from rows as such', () => {
    const clOrdIds = ['x1', 'x2', 'x3', 'x4'].map((clOrdId) => {
      return { clOrdId, orderId: undefined, tradingDay: TODAY, mayBeForgotten: true };
    });
    desk.account = accountWith({ USD: '1000' }, { clOrdIds });
    expect(said(desk.judge(buyOrder('x2', '0.01', '100')))).to.equal('8 8/8 x2 103=6');
    expect(said(desk.judge(buyOrder('x1', '0.01', '100')))).to.equal('to BTC-USD: EnterOrder');
  });
});
