/**
 * Numbers: every source (a book, or an account) has given out 1, 2, 3 … up to its last number, each to one report. The
 * New report of an order is its row.
 */
import { type CheckGroup, plain, runSqlCheck, type SqlCheck } from './check.ts';

interface NumberRow {
  readonly source: string;
  readonly seq: string | null;
  readonly before: string | null;
  readonly last_seq: string | null;
}

const GAP_FREE: SqlCheck<NumberRow> = {
  name: 'numbers of executions: each source without gap or repetition, up to its last',
  differences: ({ rows, numbers }) => `
    with numbers as materialized (
      select source, seq, is_start, lag(seq) over (partition by source order by seq) as before from (
        select source, source_seq as seq, false as is_start from ${rows.reports} r
        union all select symbol, accepted_seq, false from ${rows.orders} o
        union all select source, seq, true from ${numbers} s
      ) n
    ),
    given as (
      select symbol as source, last_seq from books
      union all select 'user:' || user_id, last_seq from accounts
    ),
    used as (select source, max(seq) as seq from numbers group by source)
    select source, seq, before, null::bigint as last_seq from numbers
    where not is_start and seq <> coalesce(before, 0) + 1
    union all
    select coalesce(g.source, u.source), null, u.seq, g.last_seq
    from given g full join used u on u.source = g.source where coalesce(u.seq, 0) <> coalesce(g.last_seq, 0)`,
  orderBy: 'source, seq nulls last, before',
  describe: ({ source, seq, before, last_seq: lastSeq }) => {
    const previous = Number(before ?? 0);
    if (seq === null) {
      return `${source}: the last number given out is ${plain(lastSeq)}, the last report has ${previous}`;
    }
    const number = Number(seq);
    if (number === previous) return `${source}: the number ${number} was given to more than one report`;
    if (number < 1) return `${source}: a report has the number ${number}`;
    const first = previous + 1;
    const missing = first === number - 1 ? `${first} is` : `${first} to ${number - 1} are`;
    return `${source}: ${missing} missing between the reports ${previous} and ${number}`;
  },
};

interface StrangerRow {
  readonly source: string;
  readonly source_seq: string;
  readonly user_id: number;
}

const OWNERS: SqlCheck<StrangerRow> = {
  name: 'reports of accounts, and whose they are',
  differences: ({ rows }) => `
    select r.source, r.source_seq, r.user_id from ${rows.reports} r
    left join instruments i on i.symbol = r.source
    where i.symbol is null and r.source <> 'user:' || r.user_id`,
  orderBy: 'source, source_seq',
  describe: ({ source, source_seq: seq, user_id: userId }) =>
    `report ${source}-${seq}: it went to user ${userId}, and is of the source ${source}`,
};

export const checkNumbers: CheckGroup = async (context) => [
  await runSqlCheck(GAP_FREE, context),
  await runSqlCheck(OWNERS, context),
];
