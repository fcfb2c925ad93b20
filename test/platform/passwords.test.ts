import { expect } from 'chai';
import { hashPassword, inHashingTurn, MAX_CONCURRENT_HASHES } from '../../src/platform/passwords.ts';

describe('a password', () => {
  it('is kept as Argon2id with 19 MiB, two passes and one lane, never twice the same', async () => {
    const [one, two] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
    expect(one).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(two).to.not.equal(one);
  });

  it('fits its own hash only, and no text that is no hash', async () => {
    const hash = await hashPassword('secret');
    const fits = (phc: string, password: string) => inHashingTurn((verifyNow) => verifyNow(phc, password));
    expect(await fits(hash, 'secret')).to.equal(true);
    expect(await fits(hash, 'Secret')).to.equal(false);
    expect(await fits('', '')).to.equal(false);
    expect(await fits('$argon2id$v=19$m=19456', 'secret')).to.equal(false);
  });

  it('is checked two at a time, in the order of asking, also when a check fails', async () => {
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const turns = Array.from({ length: 6 }, (_, index) =>
      inHashingTurn(async () => {
        begun.push(index);
        await new Promise<void>((resolve) => {
          finish.push(resolve);
        });
        if (index % 2 === 0) throw new Error('it broke');
      }).catch(() => {}),
    );
    for (let ended = 0; ended < turns.length; ended += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).to.have.length(Math.min(ended + MAX_CONCURRENT_HASHES, turns.length));
      finish[ended]?.();
    }
    await Promise.all(turns);
    expect(begun).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(MAX_CONCURRENT_HASHES).to.equal(2);
  });
});
