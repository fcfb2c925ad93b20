/**
 * The acceptor under a fuzzer, in process: broken conversations by the hundred thousand through its byte-stream
 * entry, beside members that trade undisturbed.
 */
import { expect } from 'chai';
import { explain, FuzzRun } from '../../support/fuzz-run.ts';
import { fuzzSettings } from '../../support/fuzz-settings.ts';

const { seed, first, count } = fuzzSettings(200_000);
/** Cases of one test, so that the reporter shows how far it is. */
const PART = 25_000;

describe(`the acceptor under a fuzzer (ONEBOOK_FUZZ_SEED=${seed})`, function () {
  // A part takes ten seconds on a machine of its own.
  this.timeout(180_000);
  let run: FuzzRun;

  before(async () => {
    run = new FuzzRun(seed);
    await run.start();
  });

  for (let from = first; from < first + count; from += PART) {
    const to = Math.min(from + PART, first + count);
    it(`survives cases ${from} to ${to - 1} and lets every member come back, unnoticed by others`, async () => {
      const [finding] = await run.run(from, to - from);
      if (finding !== undefined) throw new Error(await explain(seed, finding));
    });
  }

  it('keeps nothing of them when everybody has gone', async () => {
    expect(await run.finish()).to.deep.equal([]);
  });
});
