import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { MemberEvent } from '../../src/demo/protocol.ts';
import { trade } from '../../src/demo/trading.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';

describe("the demo's members", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('say so when the venue closes the connection instead of an answer to the Logon', async () => {
    const port = await venue((socket) => socket.once('data', () => socket.destroy()));
    expect(differencesIn(await tradeAt(port))).to.deep.equal([
      'alice got no Logon: the venue closed the connection',
      'bob got no Logon: the venue closed the connection',
    ]);
  });

  it('say so when nobody listens', async () => {
    const port = await venue(() => {});
    await new Promise((resolve) => servers.splice(0).forEach((server) => void server.close(resolve)));
    const [difference, ...others] = differencesIn(await tradeAt(port));
    expect(others).to.deep.equal([]);
    expect(difference).to.contain('cannot connect').and.contain('ECONNREFUSED');
  });

  it('notice a wrong answer, and every wrong field of it', async () => {
    const port = await venue((socket) =>
      socket.once('data', () => {
        const header = { beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '1001' };
        socket.end(new MessageWriter(header).begin('A', 1, 0).field(98, '0').field(108, '60').end());
      }),
    );
    expect(differencesIn(await tradeAt(port)).slice(0, 2)).to.deep.equal([
      "alice's Logon: HeartBtInt(108) is 60, expected 30",
      "alice's Logon: ResetSeqNumFlag(141) is missing, expected Y (Yes)",
    ]);
  });

  it('notice a number that the venue left out', async () => {
    const port = await venue((socket) =>
      socket.once('data', () => {
        const header = { beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '1001' };
        socket.write(new MessageWriter(header).begin('A', 2, 0).field(98, '0').field(108, '30').end());
      }),
    );
    expect(differencesIn(await tradeAt(port))).to.include(
      'alice got no Logon: MsgSeqNum(34) is 2, expected 1',
    );
  });

  function venue(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    });
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }
});

async function tradeAt(port: number): Promise<MemberEvent[]> {
  const events: MemberEvent[] = [];
  const login = { compId: 1001, password: 'sesame-open' };
  await trade(
    {
      ...{ type: 'TradeOrder', host: '127.0.0.1', port, venueCompId: 'ONEBOOK' },
      ...{ members: { alice: login, bob: login }, runId: 'r1', unaffordableQty: '3' },
    },
    systemClock,
    (event) => events.push(event),
  );
  expect(events.at(-1)).to.deep.equal({ type: 'TradingEnded' });
  return events;
}

function differencesIn(events: readonly MemberEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'StepEnded' ? event.differences : []));
}
