/** What an engine takes of the commands that gateways send, and what it gives back so that none is ahead of an earlier one. */
import { expect } from 'chai';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import type { CommandsMisrouted, CommandsRefused, Message, Sending } from '../../src/actors/protocol.ts';
import { RemoteGateways } from '../../src/actors/remote-gateways.ts';
import { nodeInName } from '../../src/cluster/addresses.ts';
import { buyOrder } from '../support/member-commands.ts';

const SESSION = 'gateway-1/fix:1:1';
const OTHER = 'gateway-2/fix:1:1';
const USER = 7;
const FIRST: Sending = { no: 1, isAgain: false, receivedAt: 0, round: 0, epoch: 5 };

function open(maxGivenBack?: number) {
  const underWay = new CommandsUnderWay();
  const state: { epoch: number | undefined } = { epoch: 5 };
  const misrouted: CommandsMisrouted[] = [];
  const tell = (_to: unknown, message: Message): void => void misrouted.push(message as CommandsMisrouted);
  const gateways = new RemoteGateways({
    epochOf: () => state.epoch,
    underWay,
    nodeOf: nodeInName,
    ...(maxGivenBack === undefined ? {} : { maxGivenBack }),
  });
  const message = (msgSeqNum: number, sending: Sending, sessionId = SESSION) =>
    ({
      type: 'SubmitCommands',
      sessionId,
      userId: USER,
      commands: [{ msgSeqNum, command: buyOrder(`c${msgSeqNum}`, '1', '100'), sending }],
    }) as const;
  return {
    gateways,
    underWay,
    state,
    tell,
    message,
    /** Whether it was taken, as far as one can see: what was given back says so. */
    take(msgSeqNum: number, sending: Partial<Sending> = {}, sessionId = SESSION): boolean {
      const taken = gateways.take(message(msgSeqNum, { ...FIRST, ...sending }, sessionId), tell, false);
      const back = misrouted.splice(0).flatMap(({ commands }) => commands.map((one) => one.msgSeqNum));
      expect(back).to.deep.equal(taken === undefined ? [msgSeqNum] : []);
      return taken !== undefined;
    },
    misrouted: () => misrouted.splice(0),
    refuse(msgSeqNum: number, refusal: CommandsRefused['refusal']) {
      const commands = [{ msgSeqNum, command: buyOrder('x', '1', '1') }];
      underWay.leaving(SESSION, { type: 'CommandsRefused', refusal, text: 't', commands });
    },
  };
}

describe('commands that gateways send to an engine', () => {
  it('come back for an account that is not here, and so do those behind them, though it is here by then', () => {
    const { take, state } = open();
    state.epoch = undefined;
    expect(take(1)).to.equal(false);
    state.epoch = 5;
    expect([take(2), take(3)]).to.deep.equal([false, false]);
    expect([take(1, { no: 2, round: 1 }), take(2, { no: 2, round: 1 })]).to.deep.equal([true, true]);
    expect(take(4, { round: 1 })).to.equal(true);
  });

  it('are not held up by what came back of another session', () => {
    const { take, state } = open();
    state.epoch = undefined;
    take(1);
    state.epoch = 5;
    expect(take(1, {}, OTHER)).to.equal(true);
  });

  it('come back when they were sent for another time of their account, whoever is late', () => {
    const { take } = open();
    expect([take(1, { epoch: 4 }), take(2, { epoch: 6 })]).to.deep.equal([false, false]);
  });

  it('are taken for a later time of the account and over another link, which both begin with what came back', () => {
    const { take, state, gateways } = open();
    state.epoch = undefined;
    take(1);
    state.epoch = 6;
    expect(take(1, { no: 2, epoch: 6 })).to.equal(true);
    state.epoch = undefined;
    take(2, { epoch: 6 });
    take(1, { epoch: 6 }, OTHER);
    state.epoch = 6;
    gateways.peerDown('gateway-1');
    expect(take(2, { no: 2, epoch: 6 })).to.equal(true);
    expect(take(2, { epoch: 6 }, OTHER)).to.equal(false);
  });

  it('come back behind one whose refusal its router will not believe', () => {
    const { take, refuse } = open();
    take(1, { no: 2, isAgain: true });
    refuse(1, 'Unanswerable');
    expect(take(2)).to.equal(true);
    refuse(2, 'Overloaded');
    expect(take(3, { no: 2, isAgain: true })).to.equal(true);
    refuse(3, 'Overloaded');
    expect(take(4)).to.equal(false);
    expect(take(3, { no: 3, isAgain: true, round: 1 })).to.equal(true);
  });

  it('come back instead of a refusal where one of them may have been carried out', () => {
    const { gateways, message, tell, underWay, misrouted, take } = open();
    const fresh = message(1, FIRST);
    gateways.take(fresh, tell, false);
    expect(gateways.giveBackInDoubt(fresh, fresh.commands, tell)).to.equal(false);
    const again = message(2, { ...FIRST, no: 2, isAgain: true });
    gateways.take(again, tell, false);
    expect(gateways.giveBackInDoubt(again, [], tell)).to.equal(false);
    expect(gateways.giveBackInDoubt(again, again.commands, tell)).to.equal(true);
    expect(misrouted().map(({ commands }) => commands)).to.deep.equal([[{ msgSeqNum: 2, sendingNo: 2 }]]);
    expect(underWay.count).to.equal(1);
    expect(take(3)).to.equal(false);
  });

  it('come back when they have waited behind one that came back, and not when they have waited before it', () => {
    const { gateways, message, tell, misrouted, underWay, take } = open();
    const before = message(1, FIRST);
    const again = message(2, { ...FIRST, no: 2, isAgain: true });
    const behind = message(3, FIRST);
    for (const one of [before, again, behind]) gateways.take(one, tell, false);
    expect(gateways.giveBackInDoubt(again, again.commands, tell)).to.equal(true);
    expect(gateways.giveBackInDoubt(before, [], tell)).to.equal(false);
    expect(gateways.giveBackInDoubt(behind, [], tell)).to.equal(true);
    expect(misrouted().flatMap(({ commands }) => commands.map(({ msgSeqNum }) => msgSeqNum))).to.deep.equal([
      2, 3,
    ]);
    expect(underWay.count).to.equal(1);
    expect([take(4), take(2, { no: 3, isAgain: true, round: 1 })]).to.deep.equal([false, true]);
    expect(gateways.giveBackInDoubt(message(3, FIRST), [], tell)).to.equal(false);
  });

  it('come back as they were sent last, where they were sent again while they waited', () => {
    const { gateways, message, tell, underWay, misrouted, take } = open();
    const kept = gateways.take(message(1, { ...FIRST, no: 2, isAgain: true }), tell, false);
    expect(take(1, { no: 3, isAgain: true, round: 1 })).to.equal(true);
    if (kept !== undefined) gateways.giveBackInDoubt(kept, kept.commands, tell);
    expect(misrouted().map(({ commands }) => commands)).to.deep.equal([[{ msgSeqNum: 1, sendingNo: 3 }]]);
    expect(underWay.count).to.equal(0);
    expect(take(2, { round: 1 })).to.equal(false);
  });

  it('are asked for again when they go with their account, and those behind them come back', () => {
    const { gateways, take, tell, misrouted, underWay } = open();
    take(1);
    take(2);
    gateways.forget((userId) => userId === USER, tell);
    expect(misrouted()).to.deep.equal([
      {
        type: 'CommandsMisrouted',
        sessionId: SESSION,
        commands: [
          { msgSeqNum: 1, sendingNo: 1 },
          { msgSeqNum: 2, sendingNo: 1 },
        ],
        isInDoubt: true,
      },
    ]);
    expect(underWay.count).to.equal(0);
    expect(take(3)).to.equal(false);
  });

  it('are remembered to have come back for a bounded number of sessions, the last', () => {
    const { take, state } = open(2);
    state.epoch = undefined;
    for (const no of [1, 2, 3]) take(1, {}, `gateway-1/${no}`);
    state.epoch = 5;
    expect([1, 2, 3].map((no) => take(2, {}, `gateway-1/${no}`))).to.deep.equal([true, false, false]);
  });
});
