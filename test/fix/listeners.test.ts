/** Several ports of one node: opened together or not at all, and told about as they are served. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { PortInUse } from '../../src/fix/acceptor.ts';
import { type ListenerSettings, startListeners } from '../../src/fix/listeners.ts';
import { Reception } from '../support/reception.ts';
import { until } from '../support/until.ts';

const PLAIN: ListenerSettings = {
  name: 'inside',
  host: '127.0.0.1',
  port: 0,
  tls: undefined,
  trustedProxies: undefined,
};

describe('the listeners of a node', () => {
  let reception: Reception;
  let addresses: string[];
  beforeEach(async () => {
    reception = await Reception.open();
    addresses = [];
  });
  afterEach(() => reception.close());

  function open(...settings: ListenerSettings[]): ReturnType<typeof startListeners> {
    return startListeners(settings, {
      log: reception.log(),
      clock: reception.clock,
      onConnection(connection) {
        addresses.push(connection.peer.remoteAddress);
        return { onBytes: () => {}, onClosed: () => connection.close() };
      },
    });
  }

  it('lead to the same place, and say what they are', async () => {
    const behind = { ...PLAIN, name: 'outside', trustedProxies: ['127.0.0.1'] };
    const listeners = await open(PLAIN, behind);
    try {
      const [inside, outside] = listeners.served;
      expect(inside).to.include({ name: 'inside', host: '127.0.0.1', tls: 'none', proxyProtocol: false });
      expect(outside).to.include({ name: 'outside', host: '127.0.0.1', tls: 'none', proxyProtocol: true });
      const near = connect({ port: inside?.port ?? 0, host: '127.0.0.1' });
      await until('the first', () => addresses.length === 1);
      const far = connect({ port: outside?.port ?? 0, host: '127.0.0.1' });
      far.write(Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071070a00000112672698', 'hex'));
      await until('the second', () => addresses.length === 2);
      expect(addresses).to.deep.equal([`127.0.0.1:${near.localPort}`, '203.0.113.7:4711']);
      near.destroy();
      far.destroy();
    } finally {
      await listeners.close();
    }
  });

  it('are all closed when one cannot be opened', async () => {
    const free = await open(PLAIN);
    const port = free.served[0]?.port ?? 0;
    await free.close();
    const taken = { ...PLAIN, name: 'taken', port: reception.port };
    const error = await open({ ...PLAIN, port }, taken).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(PortInUse);
    expect(error).to.include({ host: '127.0.0.1', port: reception.port });
    const again = await open({ ...PLAIN, port });
    expect(again.served[0]?.port, 'the first one was given back').to.equal(port);
    await again.close();
  });
});
