import { expect } from 'chai';
import fc from 'fast-check';
import { latin1Text } from '../../src/fix/latin1.ts';

describe('latin1Text', () => {
  it('gives every byte as one character, whatever the length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, before) => {
        const buffer = Buffer.concat([Buffer.alloc(before, 'x'), bytes, Buffer.from('y')]);
        expect(latin1Text(buffer, before, before + bytes.length)).to.equal(
          Buffer.from(bytes).toString('latin1'),
        );
      }),
      { numRuns: 500 },
    );
  });
});
