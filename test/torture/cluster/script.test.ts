/** The script of a cluster's torture: what the seed decides, and all that it makes happen. */
import { expect } from 'chai';
import { countOf } from '../trading-script.ts';
import {
  type ClusterFault,
  type ClusterRound,
  ClusterScript,
  GUEST,
  isOperation,
  kindOf,
  LEASE_MS,
  partsOf,
} from './script.ts';

function rounds(seed: number, count: number): ClusterRound[] {
  const script = new ClusterScript(seed);
  return Array.from({ length: count }, () => script.next());
}

function faultsOf(round: ClusterRound): readonly ClusterFault[] {
  return round.faults.map(({ fault }) => fault);
}

describe("The script of a cluster's torture", () => {
  it('is the same for the same seed', () => {
    expect(rounds(7, 10)).to.deep.equal(rounds(7, 10));
    expect(rounds(7, 1)).not.to.deep.equal(rounds(8, 1));
  });

  it('has every kind of fault and of operation within a few hundred rounds', () => {
    const all = rounds(1, 300).flatMap(faultsOf);
    const kinds = new Set(all.flatMap(partsOf).map(kindOf));
    expect([...kinds].sort()).to.deep.equal([
      'BreakBook',
      'CutFromPostgres:all',
      'CutFromPostgres:membership',
      'CutFromPostgres:pool',
      'CutMidMessage',
      'Drain',
      'Halt',
      'Join',
      'KillEngine',
      'KillGateway',
      'KillNats',
      'Leave',
      'Move',
      'MoveAccounts',
      'PauseEngine',
      'PauseEngineForLong',
      'PauseGateway',
      'PauseGatewayForLong',
      'PauseNats',
      'ReadSlowly',
      'Rebalance',
      'ReplaceEngine',
      'RollingRestart',
      'StartTwice',
      'StopPostgres',
    ]);
    const together = new Set(all.filter(({ type }) => type === 'Together').map(kindOf));
    expect([...together]).to.include.members(['KillEngine+KillGateway', 'KillEngine+KillNats']);
  });

  it('stops engines for well below a lease or for well beyond it', () => {
    const pauses = rounds(2, 200)
      .flatMap(faultsOf)
      .flatMap(partsOf)
      .flatMap((fault) => (fault.type === 'PauseEngine' ? [fault.forMs] : []));
    expect(pauses.some((ms) => ms < LEASE_MS)).to.equal(true);
    expect(pauses.some((ms) => ms > LEASE_MS)).to.equal(true);
    expect(pauses.filter((ms) => ms > LEASE_MS / 2 && ms < LEASE_MS * 1.5)).to.deep.equal([]);
  });

  it('lets nothing else fail while a second process of one name is started', () => {
    for (const round of rounds(3, 300)) {
      const faults = faultsOf(round).filter(({ type }) => type !== 'Join' && type !== 'Leave');
      if (faults.some(({ type }) => type === 'StartTwice')) expect(faults).to.have.length(1);
    }
  });

  it('lets the guest come and go in turn, and breaks it only while it is there', () => {
    let isOn = false;
    for (const round of rounds(4, 300)) {
      const faults = faultsOf(round);
      const toggle = faults.find(({ type }) => type === 'Join' || type === 'Leave');
      if (toggle !== undefined) expect(toggle.type).to.equal(isOn ? 'Leave' : 'Join');
      const nodes = faults.flatMap(partsOf).flatMap((fault) => ('node' in fault ? [fault.node] : []));
      if (!isOn || toggle !== undefined) expect(nodes).not.to.include(GUEST);
      if (toggle !== undefined) isOn = !isOn;
    }
  });

  it('has at least one fault in each round, each in its middle', () => {
    for (const { faults, members } of rounds(5, 100)) {
      const total = members.reduce((sum, { steps }) => sum + countOf(steps), 0);
      expect(faults.some(({ fault }) => !isOperation(fault))).to.equal(true);
      for (const { afterRequests } of faults) expect(afterRequests).to.be.within(1, total - 1);
    }
  });
});
