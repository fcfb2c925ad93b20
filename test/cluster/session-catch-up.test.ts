/** What a member is told while symbols go from engine to engine and links to its gateway are cut: all, once, in order. */
import { expect } from 'chai';
import fc from 'fast-check';
import { CatchingSession } from '../support/catching-session.ts';

const WRITERS = ['a', 'b', 'c'];
const SOURCES = ['BTC-USD', 'ETH-USD'];

function openedSession(maxQueuedReports = 1_000): CatchingSession {
  const session = new CatchingSession(WRITERS, { maxQueuedReports });
  for (const source of SOURCES) session.add(source, 'a');
  for (const writer of session.writers.values()) writer.follow();
  session.open();
  for (const name of WRITERS) session.arrive(name);
  return session;
}

describe('a session that several engines report to', () => {
  it('is told at once, without a look at the rows, while nothing moves', () => {
    const session = openedSession();
    session.trade('BTC-USD');
    session.arrive('a');
    // The first commit under these epochs: who had the symbol before is not known.
    session.read();
    session.answerRead();
    expect(session.readCount).equal(1);
    for (let n = 0; n < 5; n += 1) {
      session.trade('BTC-USD', 2);
      session.arrive('a');
    }
    expect(session.told).deep.equal(session.expected('BTC-USD'));
    session.read();
    session.answerRead();
    expect(session.readCount).equal(1);
  });

  it('reads no rows for an engine that had the symbols before the session began', () => {
    const session = new CatchingSession(WRITERS);
    session.add('BTC-USD', 'a');
    session.trade('BTC-USD');
    for (const writer of session.writers.values()) writer.follow();
    session.open();
    session.trade('BTC-USD');
    session.settle();
    expect([session.told, session.readCount]).deep.equal([['BTC-USD-1', 'BTC-USD-2'], 0]);
  });

  it('is told what the engine before has said, though what the next one says comes first', () => {
    const session = openedSession();
    session.trade('BTC-USD');
    session.settle();
    session.trade('BTC-USD');
    session.move('BTC-USD', 'b');
    session.trade('BTC-USD');
    session.arrive('b');
    expect(session.told, 'waits for the rows').deep.equal(['BTC-USD-1']);
    session.read();
    session.answerRead();
    session.arrive('a');
    expect(session.told).deep.equal(session.expected('BTC-USD'));
  });

  it('is not misled by a symbol that has gone away and come back', () => {
    const session = openedSession();
    session.trade('BTC-USD');
    session.settle();
    session.move('BTC-USD', 'b');
    session.trade('BTC-USD');
    session.move('BTC-USD', 'a');
    session.trade('BTC-USD');
    session.arrive('a');
    session.read();
    session.answerRead();
    session.settle();
    expect(session.told).deep.equal(session.expected('BTC-USD'));
  });

  it('is told what was lost with a link, before what comes over the next one', () => {
    const session = openedSession();
    session.trade('BTC-USD');
    session.settle();
    session.trade('BTC-USD');
    session.cut('a');
    session.trade('BTC-USD');
    session.link('a');
    // The engine has not heard yet that it has to begin anew.
    session.trade('BTC-USD');
    session.arrive('a');
    expect(session.told).deep.equal(['BTC-USD-1']);
    session.settle();
    expect(session.told).deep.equal(session.expected('BTC-USD'));
  });

  it('is told what was lost though nothing comes after it', () => {
    const session = openedSession();
    session.trade('BTC-USD');
    session.settle();
    session.cut('a');
    session.trade('BTC-USD');
    session.settle();
    expect(session.told).deep.equal(session.expected('BTC-USD'));
  });

  it('keeps no more than its bound while rows are read, and reads again for the rest', () => {
    const session = openedSession(100);
    session.move('BTC-USD', 'b');
    let most = 0;
    for (let n = 0; n < 2_000; n += 1) {
      session.trade('BTC-USD', 3);
      session.arrive('b');
      if (n === 0) session.read();
      most = Math.max(most, session.heldCount);
    }
    expect(most).within(1, 50);
    session.settle();
    expect(session.isEnded).equal(false);
    expect(session.told).deep.equal(session.expected('BTC-USD'));
    expect(session.readCount).within(2, 4);
  });

  it('keeps the answers to its requests while rows are read, whatever else has no room', () => {
    const session = openedSession(4);
    session.move('BTC-USD', 'b');
    for (let n = 0; n < 10; n += 1) {
      session.trade('BTC-USD');
      session.arrive('b');
    }
    session.do({ type: 'ReportsCommitted', writer: 'b', commitNo: 10, reports: [], answered: [3] });
    session.settle();
    expect(session.told).deep.equal(session.expected('BTC-USD'));
    expect(session.heldCount).equal(0);
  });

  it('is told once what it has read twice because the member did not read it', () => {
    const session = openedSession();
    session.isUnread = true;
    session.move('BTC-USD', 'b');
    for (const owner of ['c', 'a', 'b']) {
      session.trade('BTC-USD', 2);
      session.move('BTC-USD', owner);
      for (const name of WRITERS) session.arrive(name);
      session.read();
      session.answerRead();
    }
    session.settle();
    expect(session.told).deep.equal(session.expected('BTC-USD'));
  });

  it('says nothing more, and journals nothing, when another gateway has it', () => {
    const session = openedSession();
    expect(session.do({ type: 'SessionLost' })).deep.equal(['CloseStored', 'Release', 'Disconnect']);
    session.trade('BTC-USD');
    session.settle();
    expect(session.told).deep.equal([]);
  });

  it('is told everything once and in order, whatever moves, is cut, or is slow', () => {
    const name = fc.constantFrom(...WRITERS);
    const source = fc.constantFrom(...SOURCES);
    const act = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(fc.constant('trade' as const), source, fc.integer({ min: 1, max: 3 })),
      },
      { weight: 6, arbitrary: fc.tuple(fc.constant('arrive' as const), name) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('move' as const), source, name) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('cut' as const), name) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('link' as const), name) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('follow' as const), name) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('read' as const)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('answerRead' as const)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('unread' as const), fc.boolean()) },
    );
    const acts = fc.array(act, { maxLength: 120 });
    const run = (
      session: CatchingSession,
      steps: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[],
    ) => {
      for (const one of steps) {
        if (one[0] === 'trade') session.trade(one[1], one[2]);
        else if (one[0] === 'move') session.move(one[1], one[2]);
        else if (one[0] === 'unread') session.isUnread = one[1];
        else if (one[0] === 'follow') session.writers.get(one[1])?.follow();
        else if (one[0] === 'read' || one[0] === 'answerRead') session[one[0]]();
        else session[one[0]](one[1]);
      }
    };
    fc.assert(
      fc.property(acts, acts, acts, fc.integer({ min: 20, max: 60 }), (before, opening, after, bound) => {
        const session = new CatchingSession(WRITERS, { maxQueuedReports: bound });
        for (const one of SOURCES) session.add(one, 'a');
        run(
          session,
          before.filter(([type]) => type !== 'arrive'),
        );
        for (const [name, writer] of session.writers) {
          session.link(name);
          writer.onItsWay.length = 0;
          writer.follow();
        }
        const found = session.look();
        run(session, opening);
        session.open(found);
        run(session, after);
        // Every link that was cut comes up again, and the gateway's list with it.
        for (const [name, writer] of session.writers) {
          session.cut(name);
          session.link(name);
          writer.follow();
        }
        session.settle();
        expect(session.isEnded).equal(false);
        for (const one of SOURCES) expect(session.toldOf(one)).deep.equal(session.expected(one));
      }),
      { numRuns: 300 },
    );
  });
});
