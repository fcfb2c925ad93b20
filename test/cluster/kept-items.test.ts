/** What an engine's actors have been told that they own, against views and answers that come in any order. */
import { expect } from 'chai';
import { KeptItems } from '../../src/cluster/kept-items.ts';
import type { Owned } from '../../src/cluster/membership.ts';

const SELF = { name: 'engine-1', incarnation: 1 };
const OTHER = { name: 'engine-2', incarnation: 2 };

describe('what an engine keeps', () => {
  let kept: KeptItems<string>;

  /** A view in which `owner` has X under this epoch. */
  function see(owner: Owned['owner'], epoch: number): string {
    const rows = new Map([['X', { owner, epoch, placedOn: undefined }]]);
    const { lost, found, gone } = kept.compare(rows, (owned) => owned.owner === SELF);
    return [...lost.map((key) => `lost ${key}`), ...found.keys(), ...gone.map((key) => `gone ${key}`)].join();
  }

  beforeEach(() => {
    kept = new KeptItems();
    kept.add(new Map([['X', 3]]));
  });

  it('is lost when another has it under a later epoch, and only then', () => {
    expect(see(undefined, 2)).to.equal('');
    expect(see(OTHER, 4)).to.equal('lost X');
    expect(see(OTHER, 4)).to.equal('');
  });

  it('is not lost when a view knows of its release before the answer is there', () => {
    expect(kept.begin(['X'])).to.deep.equal(['X']);
    expect(see(OTHER, 5)).to.equal('');
    kept.end(['X'], true, new Map([['X', 4]]));
    expect(see(OTHER, 5)).to.equal('');
    expect(see(SELF, 3)).to.equal('');
    expect(see(SELF, 6)).to.equal('X');
  });

  it('is lost when it was to be given up, was not, and another has it', () => {
    kept.begin(['X']);
    expect(see(OTHER, 5)).to.equal('');
    kept.end(['X'], false, new Map());
    expect(see(OTHER, 5)).to.equal('lost X');
  });

  it('is found again, or gone, when nobody knows whether it was released', () => {
    kept.begin(['X']);
    kept.end(['X'], true, new Map());
    expect(see(SELF, 3)).to.equal('X');
    kept.begin(['X']);
    kept.end(['X'], true, new Map());
    expect(see(undefined, 4)).to.equal('gone X');
    expect(see(OTHER, 5)).to.equal('');
  });
});
