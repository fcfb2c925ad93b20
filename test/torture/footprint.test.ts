/** What a torture run tells of the room that it takes. */
import { expect } from 'chai';
import { footprintLines, type Sample } from './footprint.ts';

function sample(minutes: number, mib: number): Sample {
  return { atMs: minutes * 60_000, diskMib: mib, venueMib: mib + 1, membersMib: mib + 2 };
}

describe('The use of disk and memory of a torture run', () => {
  it('is told after the first minute, after each quarter and at the end', () => {
    const samples = Array.from({ length: 16 }, (_, no) => sample(no / 2, no));
    expect(footprintLines(samples).map((line) => line.trim().replace(/ +/g, ' '))).to.deep.equal([
      'after 1.0 minutes 2 3 4',
      'after 2.0 minutes 4 5 6',
      'after 4.0 minutes 8 9 10',
      'after 6.0 minutes 12 13 14',
      'after 7.5 minutes 15 16 17',
    ]);
  });

  it('says a short run in one line, and nothing of one that had no round', () => {
    expect(footprintLines([sample(0.2, 5)])).to.have.length(1);
    expect(footprintLines([])).to.deep.equal([]);
    expect(footprintLines([{ ...sample(1, 5), diskMib: undefined }])[0]).to.match(/ - +6 +7$/);
  });
});
