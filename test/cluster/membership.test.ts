/** Lives of nodes on a real Postgres: leases, locks, and that nothing ever has two owners. */
import { expect } from 'chai';
import { type Items, NodeNameTakenError } from '../../src/cluster/membership.ts';
import { createStore } from '../../src/persistence/store.ts';
import type { Log } from '../../src/platform/log.ts';
import { monotonicMs } from '../../src/platform/monotonic.ts';
import { LEASE_MS, Members, symbols, untilBuried, untilSeen } from '../support/cluster-members.ts';
import { commitBatch } from '../support/commit-batches.ts';
import { until } from '../support/until.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const BTC = 'BTC-USD';
const ETH = 'ETH-USD';

describe('membership', function () {
  this.timeout(20_000);
  let venue: VenueDatabase;
  let members: Members;
  beforeEach(async () => {
    venue = await venueDatabase();
    members = new Members(venue.url);
  });
  afterEach(async () => {
    await members.endAll();
    await venue.drop();
  });

  const epochOf = async (symbol: string): Promise<number> => {
    const [row] = await venue.query<{ epoch: number }>('select epoch::int from books where symbol = $1', [
      symbol,
    ]);
    return row?.epoch ?? 0;
  };
  const isLockHeld = async (incarnation: number): Promise<boolean> => {
    const rows = await venue.query(
      "select from pg_locks where locktype = 'advisory' and granted and objid = $1",
      [incarnation],
    );
    return rows.length > 0;
  };

  it('shows every node what the others say of themselves', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('gateway-1', {
      roles: ['gateway'],
      report: { connections: 3, endpoints: [{ host: 'gw', port: 9876 }] },
    });
    await untilSeen(one, 'gateway-1');
    const seen = one.membership.view().nodes.find(({ name }) => name === 'gateway-1');
    expect(seen).deep.include({
      ...two.membership.self,
      roles: ['gateway'],
      protocolVersion: 1,
      isAlive: true,
    });
    expect(seen?.report).deep.include({ connections: 3, endpoints: [{ host: 'gw', port: 9876 }] });
    two.membership.report({ draining: true });
    await until(
      'the drain to be seen',
      () => one.membership.view().nodes.find(({ name }) => name === 'gateway-1')?.report.draining,
    );
    expect([...one.membership.view().ownership.symbols.keys()]).deep.equal([BTC, ETH]);
    expect(one.membership.view().ownership.shards.size).equal(64);
  });

  it('shows every node the others’ configurations and clocks, and says when a clock is wrong and right again', async () => {
    const said: unknown[] = [];
    const note = (event: string): void => {
      said.push(event);
    };
    const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log };
    let aheadMs = 0;
    const one = await members.join('engine-1');
    const two = await members.join('engine-2', { configDigest: 'lease=1', aheadMs: () => aheadMs, log });
    await untilSeen(one, 'engine-2');
    const seen = () => one.membership.view().nodes.find(({ name }) => name === 'engine-2');
    expect(seen()).deep.include({ configDigest: 'lease=1' });
    const offset = (): number => seen()?.report.clockOffsetMs ?? 0;
    expect(Math.abs(offset())).lessThan(1_000);
    // A machine whose battery is empty begins in 1970.
    const away = 'the clock of this machine and the clock of the database differ';
    for (const ahead of [-1_790_000_000_000, 3_600_000]) {
      aheadMs = ahead;
      await until('it to be seen', () => Math.abs(offset() - ahead) < 60_000);
    }
    expect(said).deep.equal([away]);
    aheadMs = 0;
    await until('it to be right', () => Math.abs(offset()) < 1_000);
    expect(said).deep.equal([away, 'the clock of this machine and the clock of the database agree again']);
    expect(two.ended).deep.equal([]);
  });

  it('lets one node of a name live at a time, and its next life begin at once after a crash', async () => {
    const first = await members.join('engine-1');
    const refusal = await members.join('engine-1').catch((error: unknown) => error);
    expect(refusal).instanceOf(NodeNameTakenError);
    first.crash();
    await until('the lock to fall free', async () => !(await isLockHeld(first.membership.self.incarnation)));
    const second = await members.join('engine-1');
    expect(second.membership.self.incarnation).greaterThan(first.membership.self.incarnation);
    expect(second.membership.isLeaseValid()).equal(true);
  });

  it('joins while others are heard of at every moment', async () => {
    let isOver = false;
    const talk = async (): Promise<void> => {
      while (!isOver) await venue.query("select pg_notify('onebook_cluster', '')");
    };
    const talking = talk();
    try {
      for (const name of ['engine-1', 'engine-2', 'engine-3']) {
        const { membership, ended } = await members.join(name);
        expect(membership.isLeaseValid()).equal(true);
        expect(ended).deep.equal([]);
      }
    } finally {
      isOver = true;
      await talking;
    }
  });

  it('notices a crash by the lock, long before the lease is over', async () => {
    const one = await members.join('engine-1', { leaseMs: 60_000 });
    const two = await members.join('engine-2', { leaseMs: 60_000 });
    await two.membership.claim(symbols(BTC, ETH));
    await until('somebody to wait for the lock', async () => {
      const rows = await venue.query("select from pg_locks where locktype = 'advisory' and not granted");
      return rows.length === 2;
    });
    const crashedAt = monotonicMs();
    two.crash();
    await untilBuried(one, 'engine-2');
    expect(monotonicMs() - crashedAt).lessThan(20_000);
    const taken = await one.membership.claim(symbols(BTC, ETH));
    expect([...taken.symbols]).deep.equal([
      [BTC, 2],
      [ETH, 2],
    ]);
  });

  it('takes a lock for lost, not a node, when the server has ended every connection', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('engine-2');
    await untilSeen(one, 'engine-2');
    await venue.query(
      "select pg_terminate_backend(pid) from (select pid from pg_stat_activity where application_name like 'onebook engine-%' " +
        "order by application_name like '%watches%' desc) s",
    );
    // All at once is what a restart does; who comes back first finds locks free, and that is no evidence.
    for (const { membership } of [one, two]) {
      await until('the lock to be held again', () => isLockHeld(membership.self.incarnation));
    }
    const readAt = one.membership.view().readAt;
    await until('another renewal', () => one.membership.view().readAt > readAt + LEASE_MS);
    expect([...one.ended, ...two.ended]).deep.equal([]);
  });

  it('ends a life whose lock connection was cut off alone, and the node knows', async () => {
    const one = await members.join('engine-1', { leaseMs: 60_000 });
    const two = await members.join('engine-2', { leaseMs: 60_000 });
    await until('both locks to be waited for', async () => {
      const rows = await venue.query("select from pg_locks where locktype = 'advisory' and not granted");
      return rows.length === 2;
    });
    const { name, incarnation } = two.membership.self;
    await venue.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      `onebook ${name}#${incarnation}`,
    ]);
    await untilBuried(one, 'engine-2');
    two.membership.report({ draining: true });
    await until('the node to know', () => two.ended.length > 0);
    expect(two.membership.isLeaseValid()).equal(false);
    expect((await two.membership.claim(symbols(BTC))).symbols.size).equal(0);
  });

  it('ends the life of a node that was stopped for longer than its lease, and never lets it back', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('engine-2');
    const { symbols: before } = await two.membership.claim(symbols(BTC));
    two.pause();
    expect((await one.membership.claim(symbols(BTC))).symbols.size).equal(0);
    await untilBuried(one, 'engine-2');
    expect(two.membership.isLeaseValid()).equal(false);
    const { symbols: taken } = await one.membership.claim(symbols(BTC));
    expect(taken.get(BTC)).equal((before.get(BTC) ?? 0) + 1);
    two.goOn();
    await until('the node to know', () => two.ended.length > 0);
    expect(two.ended).deep.equal(['its lease was over']);
    expect((await two.membership.release(symbols(BTC)).catch(() => undefined))?.symbols.size ?? 0).equal(0);
    expect(await epochOf(BTC)).equal(taken.get(BTC));
  });

  it('goes on with a life whose lease passed and that nobody has ended, and knows how old its view is', async () => {
    const one = await members.join('engine-1');
    await one.membership.claim(symbols(BTC));
    one.pause();
    await until('its lease to pass', () => !one.membership.isLeaseValid());
    expect((await one.membership.claim(symbols(ETH))).symbols.size).equal(0);
    // A lease is counted from the renewal that read the view.
    const ageMs = one.membership.viewAgeMs();
    expect(ageMs).least(LEASE_MS);
    one.goOn();
    await until('its lease to be renewed', () => one.membership.isLeaseValid());
    await until('its view to be read anew', () => one.membership.viewAgeMs() < ageMs);
    expect(one.ended).deep.equal([]);
    expect((await one.membership.claim(symbols(ETH))).symbols.size).equal(1);
  });

  it('does not let a node that was away itself judge the leases of others', async () => {
    const one = await members.join('engine-1', { watchCount: 0 });
    const two = await members.join('engine-2', { watchCount: 0 });
    await untilSeen(one, 'engine-2');
    one.pause();
    two.pause();
    await until(
      'both leases to pass',
      () => !one.membership.isLeaseValid() && !two.membership.isLeaseValid(),
    );
    one.goOn();
    await until('one lease to be renewed', () => one.membership.isLeaseValid());
    two.goOn();
    await until('the other to be renewed', () => two.membership.isLeaseValid());
    expect([...one.ended, ...two.ended]).deep.equal([]);
  });

  it('does not let a node judge the leases of others that was late itself, though its own was not over', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('engine-2');
    await untilSeen(one, 'engine-2');
    two.pause();
    // As after a database that was away for nearly a lease: one of the two had renewed a moment before the other.
    await venue.query(
      "update nodes set held_since = held_since - interval '1 minute', renewing_since = renewing_since - interval '1 minute', " +
        "renewed_at = renewed_at - interval '1 second', " +
        "lease_until = case name when 'engine-2' then now() - interval '1 ms' else lease_until end",
    );
    const rows = () =>
      venue.query<{ late: boolean; over: boolean }>(
        "select bool_or(name = 'engine-1' and renewing_since > now() - interval '30 seconds') as late, " +
          "bool_or(name = 'engine-2' and ended_at is not null) as over from nodes",
      );
    const [row] = await until('it to renew', async () => {
      const found = await rows();
      return found[0]?.late === true || found[0]?.over === true ? found : undefined;
    });
    expect(row).deep.equal({ late: true, over: false });
    await untilBuried(one, 'engine-2');
  });

  it('gives each symbol and shard to one of several that ask at once, and leaves none', async () => {
    const all = await Promise.all(['engine-1', 'engine-2', 'engine-3'].map((name) => members.join(name)));
    const shards = Array.from({ length: 64 }, (_, shard) => shard);
    const wanted: Items = { symbols: [ETH, BTC], shards };
    for (let round = 1; round <= 10; round += 1) {
      const missing = new Set<string | number>([...wanted.symbols, ...shards]);
      const owners: string[] = [];
      await until('everything to be owned', async () => {
        const taken = await Promise.all(all.map(({ membership }) => membership.claim(wanted)));
        for (const [i, one] of taken.entries()) {
          for (const [key, epoch] of [...one.symbols, ...one.shards]) {
            expect(missing.delete(key), `${key} is taken once`).equal(true);
            expect(epoch).equal(2 * round - 1);
            owners[i] = all[i]?.membership.self.name ?? '';
          }
        }
        return missing.size === 0;
      });
      const released = await Promise.all(all.map(({ membership }) => membership.release(wanted)));
      const epochs = released.flatMap((one) => [...one.symbols.values(), ...one.shards.values()]);
      expect(epochs).deep.equal(Array.from({ length: 66 }, () => 2 * round));
    }
  });

  it('fences a release: what its owner had on its way is refused', async () => {
    const one = await members.join('engine-1');
    const store = await createStore({ orm: venue.orm, nodeName: 'engine-1' });
    const { symbols: taken } = await one.membership.claim(symbols(BTC));
    await one.membership.release(symbols(BTC));
    const books = [{ symbol: BTC, epoch: taken.get(BTC) ?? 0, lastSeq: 1 }];
    const outcome = await store.commit(commitBatch(store.lastCommitNo + 1, { books }));
    expect(outcome).deep.include({ type: 'NotOwner', symbols: [BTC] });
  });

  it('does not wait for a book that a stopped transaction holds: it takes the others, and that one later', async () => {
    const one = await members.join('engine-1');
    await one.membership.claim(symbols(BTC, ETH));
    await one.membership.release(symbols(BTC, ETH));
    const connection = await venue.orm.em.getConnection().getNativeClient();
    const client = await connection.connect();
    await client.query('begin');
    await client.query("update books set last_seq = last_seq where symbol = 'BTC-USD'");
    expect([...(await one.membership.claim(symbols(BTC, ETH))).symbols.keys()]).deep.equal([ETH]);
    await client.query('rollback');
    client.release();
    expect([...(await one.membership.claim(symbols(BTC, ETH))).symbols.keys()]).deep.equal([BTC]);
  });

  it('shows who has prepared for a symbol, until it is taken, or wanted elsewhere', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('engine-2');
    await one.membership.claim(symbols(BTC, ETH));
    const preparedBy = (symbol: string) => one.membership.view().ownership.symbols.get(symbol)?.preparedBy;
    const { incarnation } = two.membership.self;
    await one.membership.place(symbols(ETH), 'engine-2');
    await two.membership.prepared([BTC, ETH], true);
    await until('it to be seen', () => preparedBy(BTC) === incarnation && preparedBy(ETH) === incarnation);
    await one.membership.prepared([BTC], false);
    await one.membership.place(symbols(ETH), 'engine-2');
    await one.membership.release(symbols(BTC));
    expect((await two.membership.claim(symbols(BTC))).symbols.size).equal(1);
    await until('it to be taken', () => preparedBy(BTC) === undefined);
    expect(preparedBy(ETH)).equal(incarnation);
    await one.membership.place(symbols(ETH), 'engine-3');
    await until('it to be wanted elsewhere', () => preparedBy(ETH) === undefined);
    await two.membership.prepared([ETH], true);
    await until('it to be seen again', () => preparedBy(ETH) === incarnation);
    await two.membership.prepared([ETH], false);
    await until('it to be taken back', () => preparedBy(ETH) === undefined);
  });

  it('frees what a node owns that leaves', async () => {
    const one = await members.join('engine-1');
    const two = await members.join('engine-2');
    await two.membership.claim(symbols(BTC));
    await two.membership.leave();
    expect([...(await one.membership.claim(symbols(BTC))).symbols]).deep.equal([[BTC, 2]]);
    expect(two.ended).deep.equal([]);
  });

  it('counts a book of a venue of one node as free', async () => {
    const store = await createStore({ orm: venue.orm, nodeName: 'local' });
    await store.claimBooks([BTC]);
    const one = await members.join('engine-1');
    expect([...(await one.membership.claim(symbols(BTC))).symbols]).deep.equal([[BTC, 2]]);
  });
});
