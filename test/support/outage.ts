/**
 * What a member sees of an outage of the database, the same whatever caused it: requests are refused with a reason, the
 * session lives, nothing is acknowledged that is not committed, and it goes on by itself. Told by tests that differ in
 * what they do to the database.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { FixClient, textOf } from './fix-client.ts';
import { cancelOf, identityOf, newOrder, openMarket, SYMBOLS } from './market-day.ts';
import { expectReconciled } from './reconciled.ts';
import { until } from './until.ts';
import { type VenueProcess, withRows } from './venue-process.ts';

/** Something that takes the database away. */
export interface Outage {
  begin(): Promise<void>;
  end(): Promise<void>;
  /** What `/health/ready` says meanwhile. */
  readonly reason: RegExp;
}

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('alice', 1);
const BOB = identityOf('bob', 2);
/** BusinessRejectReason (380): application not available. */
const NOT_AVAILABLE = '4';
const PATIENCE_MS = 30_000;
const BETWEEN_PROBES_MS = 50;
/** Shorter than the outages: a session that nothing is said in would be dead before they are over. */
const HEART_BT_INT_SECONDS = 1;
const BEAT_MS = 400;

/** A market with two members, before, during and after outages. */
export class OutageScene {
  readonly venue: VenueProcess;
  readonly alice: FixClient;
  /** ClOrdIDs (11) of orders that were acknowledged. */
  readonly #acknowledged: string[] = [];
  /** Sent, and neither acknowledged nor refused. */
  readonly #pending = new Set<string>();
  readonly #databaseUrl: () => Promise<string>;
  #lastNo = 0;

  private constructor(venue: VenueProcess, alice: FixClient, databaseUrl: () => Promise<string>) {
    this.venue = venue;
    this.alice = alice;
    this.#databaseUrl = databaseUrl;
  }

  /** Opens the market and logs alice on. `databaseUrl` leads past whatever stands between venue and database. */
  static async open(
    venue: VenueProcess,
    databaseUrl: () => Promise<string>,
    heartBtInt = 30,
  ): Promise<OutageScene> {
    await openMarket(venue, [ALICE, BOB]);
    const { fixPort: port } = venue;
    const alice = await FixClient.logon({ port, ...ALICE, heartBtInt, timeoutMs: PATIENCE_MS });
    return new OutageScene(venue, alice, databaseUrl);
  }

  /** Everything that is said of an outage, from before it to after it. */
  async outlast(outage: Outage): Promise<void> {
    const resting = await this.#enterAcknowledged();
    const bob = await this.#watcher();
    const stopBeating = systemClock.every(BEAT_MS, () => bob.send(MSG_TYPE.Heartbeat));
    await outage.begin();
    try {
      await this.untilRefused();
      await this.untilNotReady(outage.reason);
      await this.#expectAnswersOfEveryKind(resting);
      await this.#expectLife(bob);
    } catch (error) {
      stopBeating();
      throw error;
    } finally {
      await outage.end();
    }
    await this.untilReady();
    await this.untilNothingIsPending();
    expect(bob.isClosed, 'the session of the member that was idle').to.equal(false);
    await this.#tradeOn(resting);
    stopBeating();
    bob.close();
    await this.expectTruth();
  }

  /** Sends an order that rests; what becomes of it is seen later. */
  enter(): string {
    this.#lastNo += 1;
    const clOrdId = `order-${this.#lastNo}`;
    this.#pending.add(clOrdId);
    const terms = { clOrdId, symbol: SYMBOL, side: '1', orderQty: '1', price: '90.00' } as const;
    this.alice.send(MSG_TYPE.NewOrderSingle, newOrder(terms));
    return clOrdId;
  }

  /** The next answer; reports and refusals of orders are noted. */
  async hear(): Promise<FixMessage> {
    const message = await this.alice.nextMessage();
    const isReport = message.msgType === MSG_TYPE.ExecutionReport;
    const clOrdId = message.get(isReport ? TAG.ClOrdID : TAG.BusinessRejectRefID) ?? '';
    if (!this.#pending.delete(clOrdId)) return message;
    if (isReport && message.get(TAG.ExecType) === '0') this.#acknowledged.push(clOrdId);
    return message;
  }

  async untilNotReady(reason: RegExp): Promise<void> {
    const said = await until('the venue to say that it is not ready', async () => {
      const answer = await this.venue.api('GET', '/health/ready');
      return answer.status === 503 && String(answer.body.reasons);
    });
    expect(said).to.match(reason);
    expect((await this.venue.api('GET', '/health/live')).status).to.equal(200);
  }

  untilReady(): Promise<true> {
    return until(
      'the venue to be ready by itself',
      async () => (await this.venue.api('GET', '/health/ready')).status === 200,
      PATIENCE_MS,
    );
  }

  /**
   * Sends orders until one is refused. Until then they wait for their commit, unanswered; or they are acknowledged, as
   * long as there is room for them.
   */
  async untilRefused(): Promise<void> {
    await until(
      'an order to be refused',
      async () => {
        this.enter();
        await delay(systemClock, BETWEEN_PROBES_MS);
        let isRefused = false;
        while (this.alice.waitingCount > 0) isRefused = !this.#isAcknowledgement(await this.hear());
        return isRefused;
      },
      PATIENCE_MS,
    );
  }

  async untilNothingIsPending(): Promise<void> {
    while (this.#pending.size > 0) this.#isAcknowledgement(await this.hear());
  }

  /** Rows and acknowledgements are the same, and everything adds up. */
  async expectTruth(): Promise<void> {
    const url = await this.#databaseUrl();
    const { rows } = await withRows(url, (client) =>
      client.query<{ id: string }>('select cl_ord_id as id from orders order by id'),
    );
    expect(rows.map(({ id }) => id)).to.have.members(this.#acknowledged);
    await expectReconciled(url);
    expect(this.alice.isClosed, 'the session').to.equal(false);
    const ended = this.venue.events.filter(
      ({ event, senderCompId }) => event === 'session ended' && senderCompId === ALICE.senderCompId,
    );
    expect(ended).to.deep.equal([]);
  }

  /** The venue answers a TestRequest, and says something by itself. */
  async #expectLife(idle: FixClient): Promise<void> {
    this.alice.send(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'alive?' });
    await this.alice.expect(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: 'alive?' });
    for (let beat = 1; beat <= 3; beat += 1) await idle.expect(MSG_TYPE.Heartbeat);
  }

  async #enterAcknowledged(): Promise<string> {
    const clOrdId = this.enter();
    await this.untilNothingIsPending();
    return clOrdId;
  }

  /** A member that trades nothing and sees every Heartbeat (0). */
  async #watcher(): Promise<FixClient> {
    const { fixPort: port } = this.venue;
    const common = { isAutomatic: false, heartBtInt: HEART_BT_INT_SECONDS, timeoutMs: PATIENCE_MS };
    return FixClient.logon({ port, ...BOB, ...common }, { [TAG.ResetSeqNumFlag]: 'Y' });
  }

  /** Nothing is known to be done, so that a j is the whole truth: for cancels and questions too. */
  async #expectAnswersOfEveryKind(resting: string): Promise<void> {
    const { alice } = this;
    const now = utcTimestamp(systemClock.now());
    const terms = { symbol: SYMBOL, side: '1', orderQty: '2', price: '91.00' } as const;
    const id = (kind: string): string => `${kind}-${this.#lastNo}`;
    this.enter();
    const requests: readonly (readonly [string, Record<number, string>])[] = [
      [MSG_TYPE.OrderCancelRequest, cancelOf(id('cancel'), resting, SYMBOL, '1')],
      [
        MSG_TYPE.OrderCancelReplaceRequest,
        { ...newOrder({ ...terms, clOrdId: id('replace') }), [TAG.OrigClOrdID]: resting },
      ],
      [
        MSG_TYPE.OrderMassCancelRequest,
        { [TAG.ClOrdID]: id('mass'), [TAG.MassCancelRequestType]: '7', [TAG.TransactTime]: now },
      ],
      [MSG_TYPE.OrderStatusRequest, { [TAG.ClOrdID]: resting, [TAG.Symbol]: SYMBOL, [TAG.Side]: '1' }],
      [MSG_TYPE.OrderMassStatusRequest, { [TAG.MassStatusReqID]: id('all'), [TAG.MassStatusReqType]: '7' }],
    ];
    for (const [msgType, fields] of requests) alice.send(msgType, fields);
    for (const msgType of ['D', ...requests.map(([type]) => type)]) {
      this.#expectRefusal(await this.hear(), msgType);
    }
  }

  /** False for a refusal; an order has no other answer. */
  #isAcknowledgement(message: FixMessage): boolean {
    const isNew = message.msgType === MSG_TYPE.ExecutionReport && message.get(TAG.ExecType) === '0';
    if (!isNew) this.#expectRefusal(message, 'D');
    return isNew;
  }

  #expectRefusal(message: FixMessage, refMsgType: string): void {
    const told = [message.msgType, message.get(TAG.RefMsgType), message.get(TAG.BusinessRejectReason)];
    expect(told, textOf(message)).to.deep.equal([MSG_TYPE.BusinessMessageReject, refMsgType, NOT_AVAILABLE]);
  }

  async #tradeOn(resting: string): Promise<void> {
    await this.#enterAcknowledged();
    this.#lastNo += 1;
    const clOrdId = `after-${this.#lastNo}`;
    this.alice.send(MSG_TYPE.OrderCancelRequest, cancelOf(clOrdId, resting, SYMBOL, '1'));
    await this.alice.expect(MSG_TYPE.ExecutionReport, {
      [TAG.ExecType]: '4',
      [TAG.ClOrdID]: clOrdId,
      [TAG.OrigClOrdID]: resting,
    });
  }
}
