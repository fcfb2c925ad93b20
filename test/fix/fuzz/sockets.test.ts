/** The acceptor under the fuzzer over real sockets: the same cases, fewer of them. */
import { expect } from 'chai';
import { describeCase, fuzzCase } from '../../support/fuzz-case.ts';
import type { Finding } from '../../support/fuzz-run.ts';
import { fuzzSettings } from '../../support/fuzz-settings.ts';
import { openDescriptors, SocketFuzzRun } from '../../support/fuzz-sockets.ts';
import { FUZZ_EPOCH } from '../../support/fuzz-venue.ts';
import { until } from '../../support/until.ts';

const { seed, first, count } = fuzzSettings(2_000);

describe(`the acceptor under a fuzzer over sockets (ONEBOOK_FUZZ_SEED=${seed})`, function () {
  this.timeout(120_000);

  it(`survives ${count} cases, lets every member come back, and gives every descriptor back`, async () => {
    const descriptorCount = openDescriptors();
    const run = new SocketFuzzRun(seed);
    try {
      await run.start();
      const [finding] = await run.run(first, count);
      if (finding !== undefined) throw new Error(explained(finding));
      await run.finish();
    } finally {
      await run.stop();
    }
    await until('every descriptor to be back', () => openDescriptors() <= descriptorCount);
    expect(run.venue.actorCount).to.equal(0);
  });
});

function explained({ no, reason }: Finding): string {
  const told = no === undefined ? '' : describeCase(fuzzCase(seed, no, FUZZ_EPOCH));
  return `${reason}\n  ONEBOOK_FUZZ_SEED=${seed} ONEBOOK_FUZZ_CASE=${no ?? '?'}\n${told}`;
}
