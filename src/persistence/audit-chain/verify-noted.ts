/** Finds the ends of chains again that were noted elsewhere: a chain that was written anew does not have them. */
import type { Sql } from '../sql.ts';
import type { ChainStarts } from './chain-start.ts';
import { type ChainFaults, hashText } from './differences.ts';
import { commitNoOf, linkNo } from './link.ts';

/** What a verification told as the head of a chain. */
export interface NotedHead {
  readonly chain: string;
  readonly no: number;
  /** Hexadecimal. */
  readonly hash: string;
}

export async function verifyNoted(
  sql: Sql,
  noted: readonly NotedHead[],
  starts: ChainStarts,
  faults: ChainFaults,
): Promise<void> {
  for (const { chain, no, hash } of noted) {
    const closed = closedEnd(starts, chain);
    if (closed !== undefined && no < closed.no) {
      faults.add(`${chain}: ${no}, which was noted, is closed and gone; note a head from ${closed.no} on`);
      continue;
    }
    const isClosedEnd = closed?.no === no;
    const found = isClosedEnd
      ? closed?.hash
      : await (chain === OPERATORS ? operatorsHash(sql, no) : writersHash(sql, chain, no));
    if (found === undefined) faults.add(`${chain}: ${no}, which was noted, is not in the chain`);
    else if (hashText(found) !== hash) faults.add(`${chain}: ${no} has not the hash that was noted`);
  }
}

/** The last closed number of a chain, with its hash. */
function closedEnd({ closing }: ChainStarts, chain: string): { no: number; hash: Uint8Array } | undefined {
  if (chain === OPERATORS) return closing?.operators;
  const closed = closing?.chains.find(({ writer }) => writer === chain);
  return closed === undefined ? undefined : { no: commitNoOf(closed.no), hash: closed.hash };
}

/** The chain that the database keeps. */
export const OPERATORS = 'operators';

async function operatorsHash(sql: Sql, no: number): Promise<Uint8Array | undefined> {
  const [row] = await sql.rows<{ hash: Uint8Array }>('select hash from audit where no = $1::bigint', [no]);
  return row?.hash;
}

async function writersHash(sql: Sql, writer: string, no: number): Promise<Uint8Array | undefined> {
  const [row] = await sql.rows<{ hash: Uint8Array }>(
    'select l.hash from commits c join audit_links l on l.no = c.chain::bigint * $3::bigint + $2::bigint ' +
      'where c.writer = $1',
    [writer, no, linkNo(1, 0)],
  );
  return row?.hash;
}
