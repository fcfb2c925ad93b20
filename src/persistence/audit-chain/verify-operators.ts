/** Verifies the chain of operators' actions, in which every entry is its own link. The database makes it (migrations). */
import { hash } from 'node:crypto';
import type { Sql } from '../sql.ts';
import type { ChainStart } from './chain-start.ts';
import { ChainFaults, type ChainVerdict, hashText } from './differences.ts';
import { OPERATORS } from './verify-noted.ts';

interface EntryRecord {
  readonly no: string;
  readonly id: string;
  readonly at_us: string;
  readonly actor: string;
  readonly action: string;
  readonly details: string;
  readonly hash: Uint8Array;
}

const ENTRIES_AT_ONCE = 2_000;

/** Verifies all entries in the snapshot of `sql`. */
export async function verifyOperators(sql: Sql, start: ChainStart, limit: number): Promise<ChainVerdict> {
  const faults = new ChainFaults(limit);
  let { no: lastNo, hash: lastHash } = start;
  let count = 0;
  await sql.rows(
    'declare entries no scroll cursor for select no, id, ' +
      'trim_scale(extract(epoch from at) * 1000000)::text as at_us, actor, action, details::text as details, hash ' +
      'from audit where hash is not null and no > $1::bigint order by no, id',
    [start.no],
  );
  for (;;) {
    const entries = await sql.rows<EntryRecord>(`fetch ${ENTRIES_AT_ONCE} from entries`);
    if (entries.length === 0) break;
    for (const entry of entries) {
      const no = Number(entry.no);
      const name = `entry ${no} (audit ${entry.id}, ${JSON.stringify(entry.action)} by ${entry.actor})`;
      if (no <= lastNo) faults.add(`${name} is extra: there is another one before it`);
      else if (no > lastNo + 1) faults.add(`${missingText(lastNo + 1, no - 1)}, before ${name}`);
      else if (Buffer.compare(entryHash(lastHash, entry), entry.hash) !== 0)
        faults.add(`${name} has been changed`);
      lastNo = Math.max(no, lastNo);
      lastHash = entry.hash;
      count += 1;
    }
  }
  await sql.rows('close entries');
  const [head] = await sql.rows<{ last_no: string; last_hash: Uint8Array }>(
    "select last_no, last_hash from audit_heads where name = 'operators'",
  );
  const wanted = Number(head?.last_no ?? 0);
  if (wanted > lastNo) faults.add(`${missingText(lastNo + 1, wanted)}, at the end`);
  else if (wanted < lastNo || Buffer.compare(head?.last_hash ?? new Uint8Array(), lastHash) !== 0) {
    faults.add(`the chain ends with entry ${lastNo}, but not as it was noted in audit_heads`);
  }
  return {
    chain: OPERATORS,
    linkCount: count,
    rowCount: count,
    head: count === 0 ? undefined : { no: lastNo, hash: hashText(lastHash) },
    differenceCount: faults.count,
    differences: faults.told,
  };
}

function missingText(first: number, last: number): string {
  return first === last ? `entry ${first} is missing` : `entries ${first} to ${last} are missing`;
}

/** What `audit_hash` makes in the database. */
function entryHash(previousHash: Uint8Array, entry: EntryRecord): Uint8Array {
  const { no, id, at_us: at, actor, action, details } = entry;
  const text =
    `${no} ${id} ${at} ${Buffer.byteLength(actor)} ${actor}` +
    `${Buffer.byteLength(action)} ${action}${details}`;
  return hash('sha256', Buffer.concat([previousHash, Buffer.from(text)]), 'buffer');
}
