/** The market that the tests of one file share: opened by the first, opened anew after one that failed. */
import { ClusterMarket } from '../support/cluster-market.ts';
import type { ClusterOptions } from '../support/cluster-process.ts';
import { hasNatsServer } from '../support/nats-server.ts';

/** Each test, with what is made for it, on a machine that has much else to do; half a minute is usual. */
export const TIMEOUT_MS = 120_000;

/** To be called in a `describe`; the market is there when a test runs. */
export function sharedMarket(options: ClusterOptions = {}): () => ClusterMarket {
  let market: ClusterMarket | undefined;
  before(function () {
    if (!hasNatsServer()) this.skip();
  });
  beforeEach(async () => {
    market ??= await ClusterMarket.open(options);
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(market?.cluster.logEnd());
    await market?.close();
    market = undefined;
  });
  after(async () => {
    await market?.close();
  });
  return () => {
    if (market === undefined) throw new Error('no market is open');
    return market;
  };
}

/** A measured figure beside the test that measured it. */
export function tell(line: string): void {
  console.log(`      ${line}`);
}
