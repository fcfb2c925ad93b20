/**
 * What happens to a member's orders when its session ends, with real processes: cancel on disconnect (8013, 8014),
 * also when the venue dies first; and the News (B) that comes before a drain.
 */
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { FixClient } from '../support/fix-client.ts';
import { identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('alice', 1);
const BOB = identityOf('bob', 2);
const AT_ONCE = { [TAG.CancelOrdersOnDisconnect]: 'Y', [TAG.CancelOnDisconnectWindow]: 0 };
const WITHIN_A_SECOND = { [TAG.CancelOrdersOnDisconnect]: 'Y', [TAG.CancelOnDisconnectWindow]: 1 };
const WITHIN_A_MINUTE = { [TAG.CancelOrdersOnDisconnect]: 'Y', [TAG.CancelOnDisconnectWindow]: 60 };

describe('The end of a session', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let dataDir: string;
  let lastNo = 0;
  /** Next MsgSeqNum (34) by member: nobody resets. */
  const nextOutSeqNums = new Map<string, number>();

  before(async () => {
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir);
    await openMarket(venue, [ALICE, BOB]);
  });
  after(() => removeVenue(dataDir));

  async function logon(member: MemberIdentity, fields: Record<number, string | number> = {}) {
    const nextOutSeqNum = nextOutSeqNums.get(member.username) ?? 1;
    const client = await FixClient.logon({ port: venue.fixPort, ...member, nextOutSeqNum }, fields);
    return client;
  }

  /** Closes without a word. */
  function vanish(member: MemberIdentity, client: FixClient): void {
    nextOutSeqNums.set(member.username, client.nextOutSeqNum);
    client.close();
  }

  /** Enters an order that rests, and waits until it does. */
  async function enter(client: FixClient, price = '90.00'): Promise<string> {
    lastNo += 1;
    const clOrdId = `order-${lastNo}`;
    client.send(
      MSG_TYPE.NewOrderSingle,
      newOrder({ clOrdId, symbol: SYMBOL, side: '1', orderQty: '1', price }),
    );
    await client.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0', [TAG.ClOrdID]: clOrdId });
    return clOrdId;
  }

  /** OrdStatus (39) of an order as committed. */
  async function statusOf(clOrdId: string): Promise<string | undefined> {
    const url = await embeddedUrl(dataDir);
    const { rows } = await withRows(url, (rowsOf) =>
      rowsOf.query<{ status: string }>('select status from orders where cl_ord_id = $1', [clOrdId]),
    );
    return rows[0]?.status;
  }

  /** The report of the cancel that awaits the member at its next logon. */
  async function expectToldOf(client: FixClient, clOrdId: string): Promise<void> {
    await client.expect(MSG_TYPE.ExecutionReport, {
      [TAG.ClOrdID]: clOrdId,
      [TAG.ExecType]: '4',
      [TAG.ExecRestatementReason]: 99,
      [TAG.Text]: 'canceled on disconnect',
      [TAG.LeavesQty]: '0.000',
    });
  }

  it('leaves orders alone when nothing else is agreed', async () => {
    const alice = await logon(ALICE);
    const clOrdId = await enter(alice);
    vanish(ALICE, alice);
    const bob = await logon(BOB, AT_ONCE);
    const other = await enter(bob);
    vanish(BOB, bob);
    await until('the other member’s cancel', async () => (await statusOf(other)) === '4');
    expect(await statusOf(clOrdId)).to.equal('0');
    const back = await logon(BOB, { [TAG.CancelOrdersOnDisconnect]: 'N' });
    await expectToldOf(back, other);
    vanish(BOB, back);
  });

  it('cancels them after the window, and tells the member at its next logon', async () => {
    const alice = await logon(ALICE, WITHIN_A_SECOND);
    const clOrdId = await enter(alice);
    vanish(ALICE, alice);
    await until('the cancel', async () => (await statusOf(clOrdId)) === '4');
    const back = await logon(ALICE);
    // The order of the session before that one asked for nothing, and is a member's order all the same.
    const first = await back.nextMessage();
    const second = await back.nextMessage();
    expect([first, second].map((report) => report.get(TAG.ExecType))).to.deep.equal(['4', '4']);
    expect(second.get(TAG.ClOrdID)).to.equal(clOrdId);
    vanish(ALICE, back);
  });

  it('keeps them when the member is back within the window', async () => {
    const alice = await logon(ALICE, WITHIN_A_MINUTE);
    const clOrdId = await enter(alice);
    vanish(ALICE, alice);
    const back = await logon(ALICE, AT_ONCE);
    expect(await statusOf(clOrdId)).to.equal('0');
    back.send(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'still here' });
    await back.expect(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: 'still here' });
    nextOutSeqNums.set(ALICE.username, back.nextOutSeqNum + 1);
    await back.logout();
    await until('the cancel after the Logout', async () => (await statusOf(clOrdId)) === '4');
    const again = await logon(ALICE);
    await expectToldOf(again, clOrdId);
    vanish(ALICE, again);
  });

  it('cancels them also when the venue was killed with the session in it', async () => {
    const alice = await logon(ALICE, WITHIN_A_SECOND);
    const bob = await logon(BOB, WITHIN_A_MINUTE);
    const gone = await enter(alice);
    const kept = await enter(bob);
    await venue.kill();
    vanish(ALICE, alice);
    vanish(BOB, bob);
    venue = await VenueProcess.start(dataDir);
    await until('the cancel', async () => (await statusOf(gone)) === '4');
    expect(await statusOf(kept)).to.equal('0');
  });

  it('is announced with News before a drain, and orders are still taken meanwhile', async () => {
    const carol = identityOf('carol', 3);
    const { username, password, senderCompId } = carol;
    await venue.done('POST', '/v1/users', { username, password, compId: senderCompId });
    const money = { type: 'deposit', username, asset: 'USD', amount: '1000', id: 'carol-USD' };
    await venue.done('POST', '/v1/transfers', money);
    const client = await logon(carol);
    const { stdout } = await venue.onebook(['announce', 'a new release', '--line', 'tonight at 22:00']);
    expect(stdout).to.equal('told one member\n');
    const news = await client.expect(MSG_TYPE.News, { [TAG.Headline]: 'a new release' });
    expect(news.get(TAG.NoLinesOfText)).to.equal('1');
    expect(news.get(TAG.Text)).to.equal('tonight at 22:00');
    venue.signal('SIGTERM');
    await client.expect(MSG_TYPE.News, { [TAG.Headline]: 'the venue is stopping' });
    await enter(client);
    await client.expect(MSG_TYPE.Logout, { [TAG.Text]: 'the venue is stopping' });
    client.send(MSG_TYPE.Logout);
    expect(await venue.ended).to.deep.equal({ code: 0, signal: null });
  });
});
