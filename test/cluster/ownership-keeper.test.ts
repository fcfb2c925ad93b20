/** Engines that keep what is theirs, on a real Postgres: who takes over from whom, and when. */
import { expect } from 'chai';
import { rendezvous, shardKey, symbolKey } from '../../src/cluster/placement.ts';
import {
  type Member,
  Members,
  ownersSeenBy,
  symbols,
  untilBuried,
  untilSeen,
} from '../support/cluster-members.ts';
import { until } from '../support/until.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const BTC = 'BTC-USD';
const ETH = 'ETH-USD';
const KEYS = [BTC, ETH, ...Array.from({ length: 64 }, (_, shard) => String(shard))];

/** Where each symbol and shard belongs among these engines. */
function placedAmong(names: readonly string[]): Readonly<Record<string, string | undefined>> {
  const place = (key: string): string | undefined =>
    rendezvous(key.includes('-') ? symbolKey(key) : shardKey(Number(key)), names);
  return Object.fromEntries(KEYS.map((key) => [key, place(key)]));
}

/** Every symbol and shard is served, by one of `members` only. */
async function untilShared(...members: readonly Member[]): Promise<void> {
  await until('everything to be served once', () => {
    const served = members.flatMap((member) => [...member.served]);
    return served.length === KEYS.length && new Set(served).size === KEYS.length;
  });
}

describe('engines that keep their symbols and shards', function () {
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

  it('give one that is alone everything, and leave it there when another comes', async () => {
    const one = await members.join('engine-1', { keeps: true });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true });
    await untilSeen(one, 'engine-2');
    await untilShared(one, two);
    expect(two.log).deep.equal([]);
    expect(one.log).not.include('given up BTC-USD');
  });

  it('share what is free by its place, and take over from one that crashes', async () => {
    const names = ['engine-1', 'engine-2', 'engine-3'];
    const starting = { keeps: true, report: { ready: false } };
    const all = [];
    for (const name of names) all.push(await members.join(name, starting));
    const [one, two, three] = all as [Member, Member, Member];
    for (const { membership } of all) membership.report({ ready: true });
    await untilShared(...all);
    two.crash();
    await untilBuried(one, 'engine-2');
    await untilShared(one, three);
    await until(
      'both to see the same',
      () => JSON.stringify(ownersSeenBy(three)) === JSON.stringify(ownersSeenBy(one)),
    );
    expect(Object.values(ownersSeenBy(one))).not.include('engine-2');
  });

  it('take over from one that is stopped, which is told so when it goes on', async () => {
    const two = await members.join('engine-2', { keeps: true });
    await untilShared(two);
    const one = await members.join('engine-1', { keeps: true });
    two.pause();
    await until('the other to serve everything', () => one.served.size === KEYS.length);
    expect(two.membership.isLeaseValid()).equal(false);
    two.goOn();
    await until('it to know', () => two.ended.length > 0);
  });

  it('hand over everything when one drains, and give it nothing', async () => {
    const one = await members.join('engine-1', { keeps: true });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true });
    one.membership.report({ draining: true });
    await until('the other to serve everything', () => two.served.size === KEYS.length);
    expect(one.served.size).equal(0);
    two.membership.report({ draining: true });
    // Nobody is left who could take it: both drain, and what is served goes on being served.
    await until('the drain to be seen', () =>
      one.membership.view().nodes.every(({ report }) => report.draining),
    );
    await one.membership.place(symbols(BTC), 'engine-1');
    await until('the place to be seen', () => two.membership.view().ownership.symbols.get(BTC)?.placedOn);
    expect(two.served.size).equal(KEYS.length);
    expect(one.served.size).equal(0);
  });

  it('leave symbols where they are while nobody has NATS, and move them to one that has', async () => {
    const one = await members.join('engine-1', { keeps: true, natsGraceMs: 200 });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true, report: { natsReachable: false } });
    one.membership.report({ natsReachable: false });
    // Far beyond the grace: nobody could do better.
    const readAt = one.membership.view().readAt;
    await until('more than the grace to pass', () => one.membership.view().readAt > readAt + 600);
    expect(one.served.size).equal(KEYS.length);
    two.membership.report({ natsReachable: true });
    await until('the one with NATS to serve everything', () => two.served.size === KEYS.length);
    expect(one.served.size).equal(0);
    expect(one.log).include('given up BTC-USD');
  });

  it('leave symbols where they are when NATS comes back to one after the other', async () => {
    const one = await members.join('engine-1', { keeps: true, natsGraceMs: 1_000 });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true, report: { natsReachable: false } });
    one.membership.report({ natsReachable: false });
    const passed = (ms: number): Promise<unknown> => {
      const readAt = one.membership.view().readAt;
      return until(`${ms} ms to pass`, () => one.membership.view().readAt > readAt + ms);
    };
    await passed(1_300);
    two.membership.report({ natsReachable: true });
    await until('the first return to be seen', () =>
      one.membership.view().nodes.some(({ report }) => report.natsReachable),
    );
    one.membership.report({ natsReachable: true });
    await passed(1_300);
    expect(one.served.size).equal(KEYS.length);
    expect(two.log).deep.equal([]);
  });

  it('say that they are cut off when they cannot give up in order what others with NATS could take', async () => {
    const one = await members.join('engine-1', { keeps: true, natsGraceMs: 200, isStuck: true });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true });
    one.membership.report({ natsReachable: false });
    await until('it to say so', () => one.log.includes('cut off: it is stuck'));
    expect(two.log).deep.equal([]);
  });

  it('keep what they have when NATS is away for less than the grace', async () => {
    const one = await members.join('engine-1', { keeps: true, natsGraceMs: 60_000 });
    await untilShared(one);
    const two = await members.join('engine-2', { keeps: true });
    one.membership.report({ natsReachable: false });
    const isReachable = (): boolean | undefined =>
      two.membership.view().nodes.find(({ name }) => name === 'engine-1')?.report.natsReachable;
    await until('the loss to be seen', () => isReachable() === false);
    one.membership.report({ natsReachable: true });
    await until('the return to be seen', () => isReachable() === true);
    expect(two.log).deep.equal([]);
    expect(one.served.size).equal(KEYS.length);
  });

  it('start a symbol where the configuration or an operator wants it, and elsewhere while that node is away', async () => {
    const fixed = new Map([[BTC, 'engine-2']]);
    const one = await members.join('engine-1', { keeps: true, fixed });
    await untilShared(one);
    expect(ownersSeenBy(one)[BTC] ?? 'engine-1').equal('engine-1');
    await one.membership.place(symbols(ETH), 'engine-2');
    one.crash();
    const two = await members.join('engine-2', { fixed });
    const three = await members.join('engine-3', { fixed });
    await untilBuried(two, 'engine-1');
    // One that sees itself alone takes everything.
    await untilSeen(two, 'engine-3');
    await untilSeen(three, 'engine-2');
    for (const member of [two, three]) member.keep();
    await untilShared(two, three);
    expect([...two.served]).include.members([BTC, ETH]);
  });

  it('are placed the same on every node, and an engine that goes moves its own part only', () => {
    const before = placedAmong(['engine-1', 'engine-2', 'engine-3']);
    expect(placedAmong(['engine-3', 'engine-1', 'engine-2'])).deep.equal(before);
    const after = placedAmong(['engine-1', 'engine-3']);
    for (const key of KEYS) if (before[key] !== 'engine-2') expect(after[key]).equal(before[key]);
  });
});
