/**
 * What must hold of a cluster whatever has happened to it, from its rows and its members' records alone: nothing lost,
 * nothing twice, everything told, and no number of a symbol written by anybody but its owner at that number.
 */
import type pg from 'pg';
import { verifyAudit } from '../../src/persistence/audit-chain/verify.ts';
import { connect } from '../../src/persistence/orm.ts';
import { reconcile } from '../../src/persistence/reconcile/reconcile.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { recordDifferences } from '../torture/audit.ts';
import type { TortureMember } from '../torture/member.ts';
import { type CommittedRows, NOTHING_COMPARED, readRows } from '../torture/rows.ts';
import { withRows } from './venue-process.ts';
import { auditRows, readVenueRows } from './venue-rows.ts';

/** Something does not agree; the message names a few of each kind. */
export class ClusterDifference extends Error {
  override readonly name = 'ClusterDifference';
}

/** What is on its way arrives within this time. */
const TIMEOUT_MS = 10_000;
const RETRY_MS = 100;
const SHOWN = 5;
/** Numbers of one chain, as `audit_links.no` has them. */
const NUMBERS_PER_CHAIN = 2 ** 40;

/**
 * Has the database note every change of a symbol's owner with the number at which it happened: `books` alone knows the
 * last one only. Beside the venue's own tables.
 */
export function witnessOwners(url: string): Promise<void> {
  return withRows(url, async (client) => {
    await client.query(`create schema witness;
      create table witness.owners (symbol text, epoch bigint, owner text, incarnation bigint, last_seq bigint,
        at timestamptz not null default clock_timestamp());
      create function witness.note_owner() returns trigger language plpgsql as $$
        begin
          insert into witness.owners
            values (new.symbol, new.epoch, new.owner, new.owner_incarnation, new.last_seq);
          return null;
        end $$;
      create trigger witness after insert or update of epoch on books
        for each row execute function witness.note_owner();
      insert into witness.owners select symbol, epoch, owner, owner_incarnation, last_seq from books`);
  });
}

/** Asserts everything; the members have been answered, and nothing is asked for any more. */
export async function auditCluster(url: string, members: readonly TortureMember[]): Promise<void> {
  const found = await clusterDifferences(url, members);
  if (found.length > 0) throw new ClusterDifference(found.join('\n'));
}

/** What {@link auditCluster} would throw: one text for each thing that does not hold. */
export async function clusterDifferences(url: string, members: readonly TortureMember[]): Promise<string[]> {
  const orm = await connect(url, { applicationName: 'audit' });
  try {
    const found = [
      ...few('records and rows', await untilRecordsAgree(orm, members)),
      ...members.flatMap(({ record, identity }) => {
        record.judgeStatusAnswers();
        return few(`the venue to ${identity.username}`, record.violations);
      }),
      ...few('owners', await ownerDifferences(url)),
    ];
    const options = { clock: systemClock, limit: SHOWN };
    const { checks } = await reconcile(orm, options);
    for (const { name, differences } of checks) found.push(...few(`reconcile, ${name}`, differences));
    const { chains } = await verifyAudit(orm, { ...options, noted: [] });
    for (const { differences } of chains) found.push(...few('audit verify', differences));
    const rows = await withRows(url, readVenueRows);
    try {
      auditRows(rows);
    } catch (error) {
      found.push(`rows by themselves: ${error instanceof Error ? error.message : String(error)}`);
    }
    return found;
  } finally {
    await orm.close(true);
  }
}

/** Orders expire and reports are on their way: what does not agree is looked at again for a while. */
async function untilRecordsAgree(
  orm: Parameters<typeof readRows>[0],
  members: readonly TortureMember[],
): Promise<string[]> {
  const deadline = systemClock.now() + TIMEOUT_MS;
  for (;;) {
    const rows = await readRows(orm, NOTHING_COMPARED);
    const differences = members.flatMap((member) => [
      ...recordDifferences(member, rows),
      ...takenAfterAll(member, rows),
    ]);
    if (differences.length > 0 && systemClock.now() < deadline) {
      await delay(systemClock, RETRY_MS);
      continue;
    }
    if (differences.length === 0) for (const { record } of members) record.unverified = [];
    return differences;
  }
}

/** Orders that the venue said it had not taken. */
function takenAfterAll({ record, identity }: TortureMember, { orders, userIds }: CommittedRows): string[] {
  const userId = userIds.get(identity.senderCompId);
  return orders
    .filter((order) => order.userId === userId && record.turnedAway.has(order.entryClOrdId))
    .map(({ id, entryClOrdId }) => `order ${id} (${entryClOrdId}), which was turned away`);
}

/**
 * Numbers of symbols that were written by a node that did not own the symbol at that number, or more than once. What
 * was written is known by the chains of the writers, who owned it by {@link witnessOwners}.
 */
export function ownerDifferences(url: string): Promise<string[]> {
  return withRows(url, findOwnerDifferences);
}

async function findOwnerDifferences(client: pg.Client): Promise<string[]> {
  const written =
    'select symbol, accepted_seq as seq, link from orders union all ' +
    "select source, source_seq, link from reports where source not like 'user:%'";
  const { rows: strays } = await client.query<Record<string, string | null>>(
    `with written as (${written}), spans as (
       select symbol, epoch, owner, last_seq as above,
         lead(last_seq) over (partition by symbol order by epoch) as up_to from witness.owners)
     select w.symbol, w.seq, c.writer, s.owner, s.epoch from written w
       left join commits c on c.chain = w.link / ${NUMBERS_PER_CHAIN}::bigint
       left join spans s on s.symbol = w.symbol and w.seq > s.above and (s.up_to is null or w.seq <= s.up_to)
     where s.owner is distinct from c.writer order by 1, 2`,
  );
  const { rows: repeated } = await client.query<Record<string, string>>(
    `select symbol, seq, count(*) from (${written}) w group by 1, 2 having count(*) > 1 order by 1, 2`,
  );
  return [
    ...strays.map(
      ({ symbol, seq, writer, owner, epoch }) =>
        `${symbol}-${seq} was written by ${writer} when ${owner ?? 'nobody'} owned it (epoch ${epoch})`,
    ),
    ...repeated.map(({ symbol, seq, count }) => `${symbol}-${seq} is there ${count} times`),
  ];
}

function few(where: string, differences: readonly string[]): string[] {
  if (differences.length === 0) return [];
  const shown = differences.slice(0, SHOWN).join('; ');
  const rest = differences.length - SHOWN;
  return [`${where}: ${shown}${rest > 0 ? `; and ${rest} more` : ''}`];
}
