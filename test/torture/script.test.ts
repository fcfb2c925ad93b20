/** The script of a torture run: what the seed decides, and all that it makes happen. */
import { expect } from 'chai';
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { type Fault, MEMBERS, type Round, Script } from './script.ts';
import { countOf, type Step } from './trading-script.ts';

function rounds(seed: number, count: number): Round[] {
  const script = new Script(seed);
  return Array.from({ length: count }, () => script.next());
}

describe('The script of a torture run', () => {
  it('is the same for the same seed: faults, moments, orders and transfers', () => {
    expect(rounds(7, 20)).to.deep.equal(rounds(7, 20));
    expect(rounds(7, 1)).not.to.deep.equal(rounds(8, 1));
  });

  it('has every kind of fault within a few hundred rounds', () => {
    const kinds = new Set(rounds(1, 300).flatMap(({ faults }) => faults.map(({ fault }) => fault.type)));
    const expected: Fault['type'][] = [
      'BreakBook',
      'CutMidMessage',
      'FillDisk',
      'JumpClock',
      'KillBoth',
      'KillPostgres',
      'KillVenue',
      'NextDay',
      'PausePostgres',
      'ReadSlowly',
      'RestartPostgres',
    ];
    expect([...kinds].sort()).to.deep.equal(expected);
  });

  it('puts each fault in the middle of its round', () => {
    for (const { faults, members } of rounds(2, 100)) {
      const total = members.reduce((sum, { steps }) => sum + countOf(steps), 0);
      for (const { afterRequests } of faults) expect(afterRequests).to.be.within(1, total - 1);
    }
  });

  it('never takes the clock further from the members than a message may be off', () => {
    let skewMs = 0;
    for (const { faults } of rounds(3, 400)) {
      for (const { fault } of faults) if (fault.type === 'JumpClock') skewMs += fault.byMs;
      expect(Math.abs(skewMs)).to.be.below(120_000);
    }
  });

  it('asks for everything that the version of the member has, and nothing else', () => {
    const script = rounds(4, 40);
    for (const [no, [name, version]] of MEMBERS.entries()) {
      const types = new Set(script.flatMap(({ members }) => members[no]!.steps.flatMap(typesIn)));
      const common = [
        MSG_TYPE.NewOrderSingle,
        MSG_TYPE.OrderCancelRequest,
        MSG_TYPE.OrderCancelReplaceRequest,
        MSG_TYPE.OrderStatusRequest,
      ];
      const since44 = [MSG_TYPE.OrderMassCancelRequest, MSG_TYPE.OrderMassStatusRequest];
      expect([...types], name).to.have.members(version === 'FIX.4.2' ? common : [...common, ...since44]);
    }
  });

  it('never uses a ClOrdID or the id of a transfer twice', () => {
    const script = rounds(5, 60);
    const ids = script.flatMap(({ members, transfers }) => [
      ...members.flatMap(({ steps }) => steps.flatMap(idsIn)),
      ...transfers.map(({ id }) => id),
    ]);
    expect(new Set(ids).size).to.equal(ids.length);
  });
});

function typesIn(step: Step): string[] {
  return step.type === 'Send' ? step.requests.map(({ msgType }) => msgType) : [];
}

function idsIn(step: Step): string[] {
  if (step.type !== 'Send') return [];
  return step.requests.flatMap(({ id }) => (id === undefined ? [] : [id]));
}
