/** Gateways that die in the middle of a resend, and every node of the cluster restarted in turn, while members trade. */
import { expect } from 'chai';
import { TAG } from '../../src/fix/tags.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { answersSince, limitOrder, longestWait } from '../support/cluster-clients.ts';
import { CLUSTER_SYMBOLS } from '../support/cluster-market.ts';
import { until } from '../support/until.ts';
import { withRows } from '../support/venue-process.ts';
import { sharedMarket, TIMEOUT_MS, tell } from './market.ts';

const RATE_PER_SECOND = 150;
const WARM_UP_MS = 1_000;
/** Orders whose reports a member has not read when its connection ends. */
const MISSED = 1_000;
/** Of the messages that are sent again, so many come before the gateway is killed. */
const HEARD_AGAIN = 100;

describe('Gateways under load', function () {
  this.timeout(TIMEOUT_MS);
  // Small portions, so that a long resend takes a while.
  const shared = sharedMarket({ limits: { resendPortion: 32 } });

  it('leave a member to another one in the middle of a resend, which goes on where its numbers are', async () => {
    const market = shared();
    const { cluster } = market;
    const stop = market.startTrading(RATE_PER_SECOND, 21);
    const [member] = market.resters;
    if (member === undefined) throw new Error('there is no member');
    const gateway =
      cluster.gateways.find((name) => cluster.fixAddressOf(name).port === member.address.port) ?? '';
    await member.stopStaying();
    member.stopReading();
    const lot = Array.from({ length: MISSED }, (_, no) =>
      limitOrder(member.newId('missed'), {
        symbol: CLUSTER_SYMBOLS[no % CLUSTER_SYMBOLS.length] ?? '',
        side: '1',
        orderQty: '0.010',
        price: '15.00',
      }),
    );
    member.send(lot);
    const last = lot.at(-1)?.id ?? '';
    await until('the orders of a member that does not read to be there', () =>
      isOrder(cluster.databaseUrl, last),
    );
    member.cut();
    let heardAgain = 0;
    const killed = new Promise<void>((resolve) => {
      member.record.onMessage = (message) => {
        if (message.get(TAG.PossDupFlag) !== 'Y') return;
        heardAgain += 1;
        if (heardAgain === HEARD_AGAIN) resolve(cluster.kill(gateway));
      };
    });
    await member.stayOn();
    await killed;
    expect(heardAgain, 'messages that were sent again by the gateway that died').to.be.below(MISSED);
    const killedAt = systemClock.now();
    await until('the member to be on at another gateway', () => member.isOn && member.hasNoGap, 20_000);
    const backMs = systemClock.now() - killedAt;
    expect(member.address, 'the gateway where the member is').not.to.deep.equal(
      cluster.fixAddressOf(gateway),
    );
    await cluster.start(gateway);
    await delay(systemClock, WARM_UP_MS);
    stop();
    await market.expectTruth();
    tell(
      `${gateway} was killed after ${HEARD_AGAIN} of some ${MISSED} messages of a resend: its member had all of them ` +
        `from the other one ${backMs} ms later`,
    );
  });

  it('and engines are restarted one by one, and no order and no number is lost', async () => {
    const market = shared();
    const { cluster, members } = market;
    const stop = market.startTrading(RATE_PER_SECOND, 22);
    await delay(systemClock, WARM_UP_MS);
    const startedAt = systemClock.now();
    const waits: string[] = [];
    for (const name of [...cluster.gateways, ...cluster.engines]) {
      const since = systemClock.now();
      expect(await cluster.stop(name), `the end of ${name}`).to.deep.equal({ code: 0, signal: null });
      const stoppedMs = systemClock.now() - since;
      await cluster.start(name);
      await cluster.untilReady();
      const readyMs = systemClock.now() - since - stoppedMs;
      await delay(systemClock, WARM_UP_MS);
      const waitMs = longestWait(answersSince(members, since));
      waits.push(`${name} ${waitMs} ms, stopped in ${stoppedMs} ms, ready in ${readyMs} ms`);
    }
    stop();
    await market.expectTruth();
    const answers = answersSince(members, startedAt);
    tell(
      `every node restarted in turn: longest wait of ${answers.length} requests ${longestWait(answers)} ms ` +
        `(${waits.join('; ')})`,
    );
  });
});

/** Whether the order with this ClOrdID (11) has a row. */
async function isOrder(databaseUrl: string, clOrdId: string): Promise<boolean> {
  const statement = 'select from orders where entry_cl_ord_id = $1';
  const { rowCount } = await withRows(databaseUrl, (client) => client.query(statement, [clOrdId]));
  return rowCount === 1;
}
