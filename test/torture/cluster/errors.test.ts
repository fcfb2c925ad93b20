/** Which lines of a cluster's logs end its torture. */
import { expect } from 'chai';
import { unexpectedIn } from './errors.ts';

describe("The errors of a cluster's torture", () => {
  const error = (event: string, more = ''): string => `{"level":"error"${more},"event":"${event}"}`;
  const lost = error('engine lock lost');

  it('are those that none of the faults explains', () => {
    expect(unexpectedIn([lost], new Set(['KillEngine']))).to.deep.equal([lost]);
    expect(unexpectedIn([lost], new Set(['CutFromPostgres:pool']))).to.deep.equal([]);
    const unknown = error('link_protocol_error');
    expect(unexpectedIn([unknown], new Set(['KillNats', 'StopPostgres']))).to.deep.equal([unknown]);
  });

  it('are alarms whatever the fault was', () => {
    const alarm = error('engine lock lost', ',"alarm":true');
    expect(unexpectedIn([alarm], new Set(['StopPostgres']))).to.deep.equal([alarm]);
  });

  it('are crashes of actors that were not told to', () => {
    const asked = error('actor crashed', ',"error":{"message":"a fault that was asked for"}');
    const unasked = error('actor crashed', ',"error":{"message":"no such order"}');
    expect(unexpectedIn([asked, unasked], new Set(['BreakBook']))).to.deep.equal([unasked]);
  });

  it('are no lines that are not whole, and none below an error', () => {
    const lines = ['{"level":"error","event":"uncaught er', '{"level":"warn","event":"lease not renewed"}'];
    expect(unexpectedIn(lines, new Set())).to.deep.equal([]);
  });
});
