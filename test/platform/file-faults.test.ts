import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileFault } from '../../src/platform/file-faults.ts';

function faultOf(path: string): string {
  try {
    readFileSync(path);
    return 'none';
  } catch (error) {
    return fileFault(error);
  }
}

describe('a file that cannot be read', () => {
  it('is told of in words for operators', () => {
    expect(faultOf(join(tmpdir(), 'no-such-file-of-onebook'))).to.equal('there is no such file');
    expect(faultOf(tmpdir())).to.equal('it is a directory');
    expect(faultOf(join(process.execPath, 'x'))).to.equal('a part of its path is no directory');
    expect(fileFault(Object.assign(new Error('EACCES: …'), { code: 'EACCES' }))).to.equal(
      'this user may not',
    );
  });

  it('keeps the code, or the words, of a fault that is rare', () => {
    expect(fileFault(Object.assign(new Error('EIO: …'), { code: 'EIO' }))).to.equal('EIO');
    expect(fileFault(new Error('bad disk'))).to.equal('bad disk');
    expect(fileFault('odd')).to.equal('odd');
  });
});
