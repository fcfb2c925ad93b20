import { expect } from 'chai';
import { bufferLines } from '../../src/platform/line-buffer.ts';

describe('the buffer of log lines', () => {
  function buffered() {
    const written: string[] = [];
    let due = () => {};
    const buffer = bufferLines((text) => written.push(text), {
      after: (_delayMs, callback) => {
        due = callback;
        return () => {};
      },
    });
    return { written, buffer, elapse: () => due() };
  }

  it('writes what gathered in an interval as one piece, in order', () => {
    const { written, buffer, elapse } = buffered();
    buffer.write('one\n');
    buffer.write('two\n');
    expect(written).deep.equal([]);
    elapse();
    expect(written).deep.equal(['one\ntwo\n']);
    buffer.write('three\n');
    elapse();
    expect(written).deep.equal(['one\ntwo\n', 'three\n']);
  });

  it('does not wait when much has gathered', () => {
    const { written, buffer } = buffered();
    buffer.write('x'.repeat(70_000));
    expect(written).length(1);
  });

  it('writes the rest when it is told to', () => {
    const { written, buffer } = buffered();
    buffer.write('last words\n');
    buffer.flush();
    buffer.flush();
    expect(written).deep.equal(['last words\n']);
  });
});
