/** The strict reader itself: it must find what is wrong, or the tests that rest on it could not fail. */
import { expect } from 'chai';
import { Exposition } from '../support/exposition.ts';

const HEAD = '# HELP a What it is.\n# TYPE a counter\n';

describe('the reader of expositions', () => {
  it('reads series with and without labels, escapes included', () => {
    const read = new Exposition(`${HEAD}a{b="x\\"\\\\\\n",c="2"} 3\na 1e3\n`);
    expect(read.value('a', { c: '2', b: 'x"\\\n' })).equal(3);
    expect(read.value('a')).equal(1_000);
  });

  const wrong: readonly (readonly [what: string, text: string])[] = [
    ['no end of the last line', `${HEAD}a 1`],
    ['a sample that nothing introduces', `${HEAD}b 1\n`],
    ['a metric without a type', '# HELP a What it is.\n'],
    ['a value that is no number', `${HEAD}a one\n`],
    ['a quote that is not escaped', `${HEAD}a{b="x"y"} 1\n`],
    ['a series twice', `${HEAD}a{b="1"} 1\na{b="1"} 2\n`],
    ['a counter below 0', `${HEAD}a -1\n`],
    ['a metric twice', `${HEAD}a 1\n${HEAD}`],
    [
      'buckets that are no histogram',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
  ];
  for (const [what, text] of wrong) {
    it(`refuses ${what}`, () => {
      expect(() => new Exposition(text)).throw();
    });
  }
});
