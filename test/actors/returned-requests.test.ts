/** Requests of other nodes around a refused commit: which are suspected of it, how they are committed then, and when refused. */
import { expect } from 'chai';
import { piecesOf } from '../../src/actors/book-run.ts';
import { JournalBuffer } from '../../src/actors/journal-buffer.ts';
import type { BookRequest, JournalBook, Message } from '../../src/actors/protocol.ts';
import { Redo } from '../../src/actors/redo.ts';
import { silentLog } from '../../src/platform/log.ts';
import { buyOrder } from '../support/member-commands.ts';

const SYMBOL = 'BTC-USD';

/** Of engine-2, which has seen it in so many refused commits. */
function request(requestNo: number, returnCount = 0): BookRequest {
  return {
    command: { type: 'CancelOrder', orderId: requestNo, clOrdId: 'c', unsolicited: undefined },
    cause: {
      commandNo: requestNo,
      userId: 1,
      origin: undefined,
      replyTo: undefined,
      command: buyOrder(`c${requestNo}`, '1', '100'),
      referencePrice: undefined,
      tradingDay: '2024-05-06',
      ...(returnCount === 0 ? {} : { returnCount }),
    },
    from: { node: 'engine-2', requestNo, epoch: 1 },
  };
}

/** A part of a mass cancel. */
function sweep(requestNo: number): BookRequest {
  const command = {
    type: 'MassCancelOrders',
    userId: 1,
    side: undefined,
    clOrdId: undefined,
    unsolicited: undefined,
  } as const;
  return {
    ...request(requestNo),
    command,
    cause: undefined,
    gatheredBy: { userId: 1, commandNo: requestNo },
  };
}

function entry(...done: readonly BookRequest[]): JournalBook {
  return {
    type: 'JournalBook',
    symbol: SYMBOL,
    epoch: 1,
    generation: 0,
    lastSeq: 1,
    events: [],
    done,
    replies: [],
  };
}

/** What a node is told of its requests when commits are refused. */
function open() {
  const told: Message[] = [];
  const redo = new Redo({
    tell: (_to, message) => told.push(message),
    log: silentLog,
    symbols: () => [SYMBOL],
  });
  return {
    redo,
    refuse: (entries: readonly JournalBook[], behind: readonly JournalBook[] = [], isStale = false) =>
      redo.begin({ entries, behind, reason: 'refused', isStale }),
    answers: () =>
      told.splice(0).flatMap((message) => {
        if (message.type !== 'BookRequestsAnswered') return [];
        const returned = message.returned.map(
          ({ requestNo, isSuspect }) => `${requestNo}${isSuspect ? '?' : ''}`,
        );
        return [...message.bounced.map(({ requestNo }) => `${requestNo} refused`), ...returned].join(' ');
      }),
  };
}

describe('requests of other nodes around a refused commit', () => {
  it('are suspected where they were in it, and not where they came behind it', () => {
    const { refuse, answers, redo } = open();
    refuse([entry(request(1), request(2))], [entry(request(3))]);
    redo.keep(entry(request(4)));
    redo.bookIsVoid({ type: 'VoidFenceReached', generation: 1, symbol: SYMBOL, unanswered: [request(5)] });
    expect(answers()).to.deep.equal(['1? 2?', '3', '4', '5']);
  });

  it('are suspected of what a portion of them could not be committed with', () => {
    const { refuse, answers, redo } = open();
    const large = sweep(1);
    refuse([{ ...entry(), partOf: large }]);
    redo.bookIsVoid({
      type: 'VoidFenceReached',
      generation: 1,
      symbol: SYMBOL,
      unanswered: [large, request(2)],
    });
    expect(answers()).to.deep.equal(['1? 2']);
  });

  it('are not suspected when an account had left', () => {
    const { refuse, answers } = open();
    refuse([entry(request(1, 2))], [], true);
    expect(answers()).to.deep.equal(['1']);
  });

  it('are refused when they fail alone once more, and what waits behind them is not', () => {
    const { refuse, answers } = open();
    refuse([entry(request(1, 1))], [entry(request(2, 2))]);
    refuse([entry(request(1, 2))], [entry(request(2, 2))]);
    refuse([entry({ ...sweep(3), returnCount: 2 })]);
    expect(answers()).to.deep.equal(['1?', '2', '1 refused', '2', '3 refused']);
  });

  it('are committed alone from then on', () => {
    const [first, suspect, last] = [request(1), request(2, 1), request(3)];
    expect(piecesOf([first, suspect, last, request(4)]).map((piece) => piece.length)).to.deep.equal([
      1, 1, 2,
    ]);
    const buffer = new JournalBuffer(100);
    for (const one of [first, last, suspect, first]) buffer.push(entry(one));
    expect([buffer.take(false).length, buffer.take(false).length, buffer.take(false).length]).to.deep.equal([
      2, 1, 1,
    ]);
    // What an account of this node asks for is run alone by the redo.
    const { from: _, ...own } = suspect;
    expect(piecesOf([first, own])).to.have.length(1);
  });

  it('are left to the account’s next owner while commands run again one by one', () => {
    const told: Message[] = [];
    const redo = new Redo({ tell: (_to, message) => told.push(message), log: silentLog, symbols: () => [] });
    const { from: _, ...own } = request(1);
    redo.begin({ entries: [entry(own)], behind: [], reason: 'refused', isStale: false });
    redo.begin({ entries: [entry(own)], behind: [], reason: 'gone', isStale: true });
    const types = told.map(({ type }) => type);
    expect(types).to.deep.equal(['BeginRedo', 'RedoCommand', 'CommandsCompleted', 'BeginRedo', 'EndRedo']);
  });
});
