/** What of a venue's log ends a torture run. */
import { expect } from 'chai';
import { alarmsIn } from './alarms.ts';

describe('The alarms of a torture run', () => {
  it('are the events that say so, and errors of the venue itself', () => {
    const alarm = '{"level":"error","event":"the database refused a commit","alarm":true,"sqlState":"23505"}';
    const bug = '{"level":"error","event":"uncaught error","error":{"message":"no"}}';
    const lines = [
      '{"level":"error","event":"postgres died","pid":7}',
      alarm,
      '{"level":"info","event":"a line that says \\"alarm\\":true in a text"}',
      bug,
      '{"level":"error","event":"uncaught er',
    ];
    expect(alarmsIn(lines)).to.deep.equal([alarm, bug]);
  });
});
