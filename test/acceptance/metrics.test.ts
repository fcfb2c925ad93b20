/**
 * What a collector of metrics reads from a venue process: after a story over real sockets the figures are exactly what
 * happened, whoever may not see them does not, and nothing in them names a member or what a member has sent.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { Exposition } from '../support/exposition.ts';
import { FixClient } from '../support/fix-client.ts';
import { cancelOf, identityOf, newOrder, openMarket, SYMBOLS } from '../support/market-day.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const [SYMBOL] = SYMBOLS;
const ALICE = identityOf('aliceofthetest', 1);
const BOB = identityOf('bobofthetest', 2);
const LIMITS = { maxUnauthenticatedConnections: 37, loginFailuresToLock: 2, maxOrdersPerSecond: 40 };

describe('The metrics of a venue', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let alice: FixClient;
  let bob: FixClient;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir(), { limits: LIMITS });
    await openMarket(venue, [ALICE, BOB]);
    alice = await FixClient.logon({ port: venue.fixPort, ...ALICE });
    bob = await FixClient.logon({ port: venue.fixPort, ...BOB });
  });

  after(() => removeVenue(venue.dataDir));

  it('are for the holder of the token', async () => {
    for (const authorization of ['', 'Bearer ', `Bearer ${'0'.repeat(64)}`]) {
      const response = await ask(authorization);
      expect(response.status, authorization).equal(401);
      expect(await response.text()).not.contain('onebook_');
    }
    const response = await ask(`Bearer ${await token()}`);
    expect(response.status).equal(200);
    expect(response.headers.get('content-type')).equal('text/plain; version=0.0.4; charset=utf-8');
  });

  it('count orders, trades, reports and rejects exactly', async () => {
    alice.send(MSG_TYPE.NewOrderSingle, order('alice-1', '2', '3'));
    await report(alice, '0');
    bob.send(MSG_TYPE.NewOrderSingle, order('bob-1', '1', '1'));
    await report(bob, '0');
    await report(bob, 'F');
    await report(alice, 'F');
    // Not enough money, a symbol that is none, a cancel of nothing, a cancel that works.
    bob.send(MSG_TYPE.NewOrderSingle, order('bob-2', '1', '9000000'));
    await report(bob, '8', { [TAG.OrdRejReason]: '3' });
    bob.send(MSG_TYPE.NewOrderSingle, { ...order('bob-3', '1', '1'), [TAG.Symbol]: 'NONE' });
    await report(bob, '8', { [TAG.OrdRejReason]: '1' });
    bob.send(MSG_TYPE.OrderCancelRequest, cancelOf('bob-4', 'nothing', SYMBOL, '1'));
    await bob.expect(MSG_TYPE.OrderCancelReject, { [TAG.CxlRejReason]: '1' });
    alice.send(MSG_TYPE.OrderCancelRequest, cancelOf('alice-2', 'alice-1', SYMBOL, '2'));
    await report(alice, '4');
    // Malformed: the session itself says so.
    bob.send(MSG_TYPE.NewOrderSingle, { ...order('bob-5', '1', '1'), [TAG.Side]: 'x' });
    await bob.expect(MSG_TYPE.Reject, { [TAG.SessionRejectReason]: '5' });
    bob.send('UNKNOWN');
    await bob.expect(MSG_TYPE.Reject);

    const figures = await read();
    expect(figures.byLabel('onebook_requests_total', 'type')).deep.equal({
      NewOrderSingle: 4,
      OrderCancelRequest: 2,
      OrderCancelReplaceRequest: 0,
      OrderMassCancelRequest: 0,
      OrderStatusRequest: 0,
      OrderMassStatusRequest: 0,
      UnsupportedRequest: 0,
    });
    expect(figures.byLabel('onebook_orders_total', 'symbol')).deep.equal({ [SYMBOL]: 2 });
    expect(figures.byLabel('onebook_trades_total', 'symbol')).deep.equal({ [SYMBOL]: 1 });
    expect(figures.byLabel('onebook_reports_total', 'type')).deep.equal({
      new: 2,
      trade: 2,
      canceled: 1,
      rejected: 2,
      cancel_reject: 1,
      replaced: 0,
      expired: 0,
      restated: 0,
      trade_correct: 0,
      trade_cancel: 0,
      order_status: 0,
      triggered: 0,
      mass_cancel: 0,
    });
    expect(figures.value('onebook_rejects_total', { message: 'ExecutionReport', reason: '3' })).equal(1);
    expect(figures.value('onebook_rejects_total', { message: 'ExecutionReport', reason: '1' })).equal(1);
    expect(figures.value('onebook_rejects_total', { message: 'OrderCancelReject', reason: '1' })).equal(1);
    expect(figures.value('onebook_rejects_total', { message: 'Reject', reason: '5' })).equal(1);
    expect(figures.value('onebook_transfers_total')).equal(6);
    expect(figures.value('onebook_commit_events_sum')).equal(4);
    expect(figures.byLabel('onebook_requests_refused_total', 'because')).deep.equal({
      store_unavailable: 0,
      overloaded: 0,
      draining: 0,
    });
  });

  it('count messages, resends, and requests beyond a rate', async () => {
    const before = await read();
    const last = bob.lastInSeqNum;
    bob.send(MSG_TYPE.ResendRequest, { [TAG.BeginSeqNo]: '1', [TAG.EndSeqNo]: '0' });
    // The last thing said was no report: a gap fill ends the answer.
    const resent = await messagesUntil(bob, (message) => message.get(TAG.NewSeqNo) === String(last + 1));
    const reports = resent.filter((message) => message.get(TAG.MsgType) !== MSG_TYPE.SequenceReset);
    const after = await read();
    expect(reports.length).greaterThan(3);
    expect(grown(before, after, 'onebook_messages_resent_total')).equal(reports.length);
    expect(grown(before, after, 'onebook_resend_requests_total', { by: 'member' })).equal(1);
    expect(grown(before, after, 'onebook_fix_messages_total', { direction: 'in' })).equal(1);
    expect(grown(before, after, 'onebook_fix_messages_total', { direction: 'out' })).equal(resent.length);
    for (let i = 0; i < 100; i += 1) {
      bob.send(MSG_TYPE.OrderStatusRequest, {
        [TAG.ClOrdID]: 'bob-1',
        [TAG.Symbol]: SYMBOL,
        [TAG.Side]: '1',
      });
    }
    let answered = 0;
    const answers = await messagesUntil(bob, () => {
      answered += 1;
      return answered === 100;
    });
    const tooFast = answers.filter(({ msgType }) => msgType === MSG_TYPE.BusinessMessageReject).length;
    expect(tooFast).greaterThan(0);
    const throttled = await read();
    expect(grown(after, throttled, 'onebook_requests_throttled_total')).equal(tooFast);
    const j = { message: 'BusinessMessageReject', reason: '0' };
    expect(throttled.value('onebook_rejects_total', j)).equal(tooFast);
    expect(throttled.value('onebook_requests_total', { type: 'OrderStatusRequest' })).equal(100 - tooFast);
  });

  it('show who is connected, who guesses passwords, and how sessions end', async () => {
    const before = await read();
    expect(before.value('onebook_sessions', { phase: 'Active' })).equal(2);
    const silent = await FixClient.connect({ port: venue.fixPort, senderCompId: 1 });
    await until('the silent one to be counted', async () => {
      const figures = await read();
      return figures.value('onebook_queue_depth', { queue: 'unauthenticated_connections' }) === 1;
    });
    silent.close();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const guesser = await FixClient.connect({
        port: venue.fixPort,
        ...identityOf('carolofthetest', 3),
        password: 'guessed',
      });
      guesser.sendLogon();
      await guesser.expectClosed();
    }
    const again = await FixClient.logon({ port: venue.fixPort, ...ALICE, nextOutSeqNum: 1 }).catch(
      () => undefined,
    );
    expect(again).equal(undefined);
    await alice.logout();
    bob.close();
    const after = await until('all to be gone', async () => {
      const figures = await read();
      return figures.value('onebook_queue_depth', { queue: 'connections' }) === 0 && figures;
    });
    expect(grown(before, after, 'onebook_login_verdicts_total', { verdict: 'refused' })).equal(2);
    expect(grown(before, after, 'onebook_login_verdicts_total', { verdict: 'accepted' })).equal(1);
    expect(grown(before, after, 'onebook_lockouts_total')).equal(1);
    expect(grown(before, after, 'onebook_connections_total')).equal(4);
    expect(after.byLabel('onebook_sessions_ended_total', 'how')).deep.equal({
      before_logon: 4,
      logged_out: 1,
      by_venue: 0,
      lost: 1,
    });
    expect(after.value('onebook_logons_total')).equal(2);
    const astray = await FixClient.logon({
      port: venue.fixPort,
      ...ALICE,
      nextOutSeqNum: alice.nextOutSeqNum,
    });
    astray.sendBody(`35=0|34=${astray.nextOutSeqNum}|49=1001|56=ELSEWHERE|52=${utcTimestamp(astray.now())}|`);
    await astray.expect(MSG_TYPE.Reject, { [TAG.SessionRejectReason]: '9' });
    await astray.expect(MSG_TYPE.Logout);
    await astray.expectClosed();
    const ended = await until('the end to be counted', async () => {
      const figures = await read();
      return figures.value('onebook_queue_depth', { queue: 'connections' }) === 0 && figures;
    });
    expect(grown(after, ended, 'onebook_sessions_ended_total', { how: 'by_venue' })).equal(1);
  });

  it('show bounds as they are configured, and a node that is ready', async () => {
    const figures = await read();
    const bounds = figures.byLabel('onebook_queue_bound', 'queue');
    expect(bounds).include({
      commands_in_flight: 20_000,
      account_stash: 10_000,
      book_stash: 20_000,
      unauthenticated_connections: LIMITS.maxUnauthenticatedConnections,
      session_reports: DEFAULT_SESSION_LIMITS.maxQueuedReports,
      session_unsent_bytes: DEFAULT_SESSION_LIMITS.maxUnsentBytes,
    });
    expect(figures.byLabel('onebook_queue_depth', 'queue')).to.have.all.keys(Object.keys(bounds));
    expect(figures.byLabel('onebook_symbols', 'state')).include({ trading: 2, recovering: 0 });
    expect(figures.value('onebook_store_up')).equal(1);
    expect(figures.value('onebook_start_seconds')).greaterThan(0);
    expect(figures.value('onebook_data_dir_free_bytes')).greaterThan(0);
    expect(figures.value('nodejs_eventloop_lag_p99_seconds')).greaterThan(0);
    await venue.done('POST', `/v1/instruments/${SYMBOL}/halt`, { reason: 'news about aliceofthetest' });
    const halted = await read();
    expect(halted.value('onebook_symbol_closed', { symbol: SYMBOL, state: 'halted_by_operator' })).equal(1);
  });

  it('name no member, nothing that a member has sent, and no secret', async () => {
    const text = await (await ask(`Bearer ${await token()}`)).text();
    for (const secret of [await token(), venue.dataDir, 'password', 'guessed', 'ofthetest']) {
      expect(text).not.contain(secret);
    }
    const { labels } = new Exposition(text);
    const values = new Set(labels.map(({ value }) => value));
    for (const sent of ['alice-1', 'bob-1', '1001', '1002', '127.0.0.1', 'NONE']) {
      expect(values).not.include(sent);
    }
    // A new label is a decision: whose values are they, and how many can there be?
    const ours = labels.filter(({ name }) => name.startsWith('onebook_')).map(({ label }) => label);
    expect([...new Set(ours)].sort()).deep.equal([
      'actor',
      'because',
      'by',
      'decision',
      'direction',
      'how',
      'le',
      'message',
      'outcome',
      'phase',
      'queue',
      'reason',
      'state',
      'symbol',
      'type',
      'verdict',
    ]);
  });

  function ask(authorization: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${venue.adminPort}/metrics`, { headers: { authorization } });
  }

  async function token(): Promise<string> {
    return (await readFile(join(venue.dataDir, 'admin.token'), 'utf8')).trim();
  }

  async function read(): Promise<Exposition> {
    return new Exposition(await (await ask(`Bearer ${await token()}`)).text());
  }
});

function order(clOrdId: string, side: '1' | '2', orderQty: string): Record<number, string> {
  return newOrder({ clOrdId, symbol: SYMBOL, side, orderQty, price: '100.00' });
}

async function report(member: FixClient, execType: string, fields: Record<number, string> = {}) {
  await member.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: execType, ...fields });
}

/** Messages up to the last one, for which `isLast` is true. */
async function messagesUntil(member: FixClient, isLast: (message: FixMessage) => boolean) {
  const messages: FixMessage[] = [];
  for (;;) {
    const message = await member.nextMessage();
    messages.push(message);
    if (isLast(message)) return messages;
  }
}

function grown(before: Exposition, after: Exposition, name: string, labels: Record<string, string> = {}) {
  return after.value(name, labels) - before.value(name, labels);
}
