/** What somebody may do to the rows behind the venue's back, and how a verification of the audit trail tells it. */

/** A row that is tampered with, and the sentences that tell it. */
export interface Tampering {
  readonly what: string;
  /** Selects one row. */
  readonly row: string;
  readonly statements: (row: Row) => readonly string[];
  readonly told: (row: Row) => readonly RegExp[];
}
/** Those of its columns that the case names, as text. */
export type Row = Readonly<
  Record<
    'id' | 'no' | 'commit_no' | 'next' | 'one' | 'other' | 'source' | 'source_seq' | 'other_seq' | 'user_id',
    string
  >
>;

const LINK = 'link & (1::bigint << 40) - 1 as commit_no';
/** Somewhere in the middle, of a link with several rows of its table. */
const middleOf = (table: string, order: string) =>
  `select *, ${LINK}, ctid::text as place, tableoid::regclass::text as part from ${table} t ` +
  `where (select count(*) from ${table} o where o.link = t.link) > 1 ` +
  `order by ${order} offset (select count(*) / 4 from ${table}) limit 1`;
const ORDER = middleOf('orders', 'id');
const TRADE = middleOf('trades', 'id');
const REPORT = middleOf('reports', 'link, source_seq');
const REQUEST = middleOf('requests', 'id');
const TRANSFER = `select *, ${LINK} from transfers order by id offset 3 limit 1`;
const AMENDMENT = `select *, ${LINK} from trade_amendments order by id offset 1 limit 1`;
const LAST_LINK = 'select max(no) as no, max(no) & (1::bigint << 40) - 1 as commit_no from audit_links';
const ENTRY = 'select * from audit order by no offset 2 limit 1';

function changed(
  table: string,
  row: string,
  key: (row: Row) => string,
  name: (row: Row) => string,
  changes: Readonly<Record<string, string>>,
): Tampering[] {
  return Object.entries(changes).map(([column, value]) => ({
    what: `a changed ${column} of ${table}`,
    row,
    statements: (found) => [`update ${table} set ${column} = ${value} where ${key(found)}`],
    told: (found) => [new RegExp(`^link ${found.commit_no}: ${name(found)}.* has been changed$`)],
  }));
}

const byId = ({ id }: Row) => `id = ${id}`;
const reportKey = ({ source, source_seq: seq, user_id: userId }: Row) =>
  `source = '${source}' and source_seq = ${seq} and user_id = ${userId}`;
const reportName = ({ source, source_seq: seq, user_id: userId }: Row) =>
  `report ${seq} of ${source} to user ${userId}`;

/** One of each kind, and of each table. */
export const TAMPERINGS: readonly Tampering[] = [
  ...changed('orders', ORDER, byId, ({ id }) => `order ${id} `, {
    user_id: 'user_id % 4 + 1',
    entry_cl_ord_id: "'x'",
    entry_price: 'entry_price + 0.000000000000000001',
    entry_quantity: 'entry_quantity * 2',
    maker_fee_rate: 'maker_fee_rate + 1',
    trading_day: 'trading_day + 1',
    created_at: "created_at + interval '1 microsecond'",
    account: "'elsewhere'",
    stp_group: '7',
  }),
  ...changed('trades', TRADE, byId, ({ id }) => `trade ${id} `, {
    price: 'price + 0.01',
    quantity: 'quantity + 0.0001',
    maker_user_id: 'maker_user_id % 4 + 1',
    taker_fee: 'taker_fee + 0.000000000000000001',
    executed_at: "executed_at + interval '1 millisecond'",
    maker_seq: 'null',
  }),
  ...changed('reports', REPORT, reportKey, reportName, {
    order_qty: 'coalesce(order_qty, 0) + 1',
    cum_qty: 'round(coalesce(cum_qty, 0), coalesce(scale(cum_qty), 0) + 1)',
    text: "'as agreed'",
    reason: '7',
    at: "at + interval '1 second'",
    details: `'{"execRefId": "1"}'`,
  }),
  ...changed('requests', REQUEST, byId, ({ id }) => `request ${id} `, {
    cl_ord_id: "cl_ord_id || ' '",
    accepted: 'not accepted',
    trading_day: 'trading_day - 1',
    order_id: '77',
  }),
  ...changed('transfers', TRANSFER, byId, ({ id }) => `transfer ${id} `, {
    amount: 'amount + 0.5',
    asset: "'XBT'",
    requested_by: "'nobody'",
    idempotency_key: "'another'",
    reason: "'no reason'",
    kind: "'adjustment', reason = 'a mistake'",
  }),
  ...changed('trade_amendments', AMENDMENT, byId, ({ id }) => `trade amendment ${id} `, {
    price_before: 'price_before + 1',
    reason: "'none'",
    charges: `'[{"asset": "USD", "amount": "1", "userId": 1}]', charged_to_venue = true`,
  }),
  ...(
    [
      ['orders', ORDER, byId],
      ['trades', TRADE, byId],
      ['reports', REPORT, reportKey],
      ['requests', REQUEST, byId],
      ['transfers', TRANSFER, byId],
      ['trade_amendments', AMENDMENT, byId],
    ] as const
  ).map(
    ([table, row, key]): Tampering => ({
      what: `a missing row of ${table}`,
      row,
      statements: (found) => [`delete from ${table} where ${key(found)}`],
      told: (found) => [new RegExp(`^link ${found.commit_no}: row \\d+ of \\d+ of ${table}.* is missing$`)],
    }),
  ),
  {
    what: 'a report that was copied',
    row: REPORT,
    statements: (row) => [
      'create temp table copied on commit drop as select * from reports ' +
        `where source = '${row.source}' and source_seq = ${row.source_seq}`,
      'update copied set source_seq = source_seq + 10000',
      'insert into reports select * from copied',
    ],
    told: (row) => [
      new RegExp(`^link ${row.commit_no}: report ${Number(row.source_seq) + 10_000} of .* is extra`),
    ],
  },
  {
    what: 'a trade that was made up behind the trail',
    row: TRADE,
    statements: () => [
      'create temp table made on commit drop as select * from trades order by id desc limit 1',
      'update made set id = id + 1, link = 0',
      'insert into trades select * from made',
    ],
    told: () => [/^trades: 1 rows name no link, 0 are older than the trail: 1 extra; the latest: trade \d+ /],
  },
  {
    what: 'a transfer that names a link which is not there',
    row: TRANSFER,
    statements: () => [
      'insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at, kind, link) ' +
        "select user_id, asset, amount, 'made up', requested_by, created_at, kind, link + 100000 from transfers limit 1",
    ],
    told: () => [/^transfer \d+ \("made up" of user 1\) is covered by no link: it names link 1\d{5}$/],
  },
  {
    what: 'a row that was put into another link',
    row: REPORT,
    statements: (row) => [`update reports set link = link + 1 where ${reportKey(row)}`],
    told: (row) => [new RegExp(`^link ${row.commit_no}: row \\d+ of \\d+ of reports.* is missing$`)],
  },
  {
    what: 'two reports that changed places',
    row: `select a.source, a.source_seq, b.source_seq as other_seq, a.user_id, a.${LINK} from reports a join reports b
      on a.link = b.link and a.source = b.source and a.user_id = b.user_id and a.source_seq < b.source_seq
      order by a.link limit 1`,
    statements: ({ source, source_seq: one, other_seq: other, user_id: userId }) =>
      [
        [one, '-1'],
        [other, one],
        ['-1', other],
      ].map(
        ([from, to]) =>
          `update reports set source_seq = ${to} where source = '${source}' and source_seq = ${from} and user_id = ${userId}`,
      ),
    told: (row) => [
      new RegExp(`^link ${row.commit_no}: report ${row.source_seq} of .* has been changed$`),
      new RegExp(`^link ${row.commit_no}: report ${row.other_seq} of .* has been changed$`),
    ],
  },
  {
    what: 'two requests of a commit that changed places',
    row: `select min(id) as one, max(id) as other, ${LINK} from requests group by link having count(*) = 2 limit 1`,
    statements: ({ one, other }) => swapped('requests', one, other),
    told: (row) => [new RegExp(`^link ${row.commit_no}: rows of requests are in another order: request`)],
  },
  {
    what: 'two amendments of different commits that changed places',
    row: 'select min(id) as one, max(id) as other from trade_amendments',
    statements: ({ one, other }) => [
      `update trade_amendments set id = -1 where id = ${one}`,
      `update trade_amendments set id = ${one} where id = ${other}`,
      `update trade_amendments set id = ${other} where id = -1`,
    ],
    told: () => [
      /^link \d+: trade amendment \d+ \(.*\) and trade amendment \d+ \(.*\) are in another order$/,
    ],
  },
  {
    what: 'a missing link',
    row: `select no, no & (1::bigint << 40) - 1 as commit_no, lead(no) over (order by no) & (1::bigint << 40) - 1 as next
      from audit_links order by no offset 20 limit 1`,
    statements: ({ no }) => [`delete from audit_links where no = ${no}`],
    told: ({ commit_no: no, next }) => [
      new RegExp(`^link ${next} does not follow link \\d+: a link between is missing`),
      new RegExp(`is covered by no link: it names link ${no}$`),
    ],
  },
  {
    what: 'a missing link with its rows',
    row: `select no, lead(no) over (order by no) & (1::bigint << 40) - 1 as next from audit_links l
      where not exists (select from orders o where o.link = l.no) order by no offset 3 limit 1`,
    statements: ({ no }) => [
      `delete from audit_links where no = ${no}`,
      ...['trades', 'reports', 'requests', 'transfers', 'trade_amendments'].map(
        (table) => `delete from ${table} where link = ${no}`,
      ),
    ],
    told: ({ next }) => [new RegExp(`^link ${next} does not follow link \\d+`)],
  },
  {
    what: 'an end that was cut off',
    row: LAST_LINK,
    statements: ({ no }) => [
      `delete from audit_links where no = ${no}`,
      `delete from trade_amendments where link = ${no}`,
      `delete from reports where link = ${no}`,
    ],
    told: ({ commit_no: no }) => [
      new RegExp(`^the chain ends with link \\d+, but the last commit made link ${no}$`),
    ],
  },
  ...Object.entries({
    hash: "sha256('x')",
    previous_hash: "sha256('x')",
    row_counts: 'row_counts[2:6] || row_counts[1:1]',
    digests: "'\\x00'",
    at: "at + interval '1 day'",
  }).map(
    ([column, value]): Tampering => ({
      what: `a changed ${column} of a link`,
      row: LAST_LINK,
      statements: ({ no }) => [`update audit_links set ${column} = ${value} where no = ${no}`],
      told: ({ commit_no: no }) => [new RegExp(`^link ${no}\\b`)],
    }),
  ),
  {
    what: 'a link of a writer that is none',
    row: LAST_LINK,
    statements: () => [
      'insert into audit_links (no, at, previous_hash, hash, row_counts, digests) ' +
        "values (5::bigint << 40, now(), '', '', '{0,0,0,0,0,0}', '')",
    ],
    told: () => [/^link 0 belongs to no writer \(audit_links 5497558138880\)$/],
  },
  ...Object.entries({
    details: `details || '{"amount": "7"}'`,
    actor: "'nobody'",
    action: "action || '!'",
    at: "at + interval '1 microsecond'",
  }).map(
    ([column, value]): Tampering => ({
      what: `a changed ${column} of an operator's action`,
      row: ENTRY,
      statements: ({ id }) => [`update audit set ${column} = ${value} where id = ${id}`],
      told: ({ no, id }) => [new RegExp(`^entry ${no} \\(audit ${id}, .* has been changed$`)],
    }),
  ),
  {
    what: "a missing operator's action",
    row: ENTRY,
    statements: ({ id }) => [`delete from audit where id = ${id}`],
    told: ({ no }) => [new RegExp(`^entry ${no} is missing, before entry ${Number(no) + 1} `)],
  },
  {
    what: "the last operator's action missing",
    row: 'select * from audit order by no desc limit 1',
    statements: ({ id }) => [`delete from audit where id = ${id}`],
    told: ({ no }) => [new RegExp(`^entry ${no} is missing, at the end$`)],
  },
  {
    what: "an operator's action that was added behind the trail",
    row: ENTRY,
    statements: () => [
      'alter table audit disable trigger chain_audit',
      'alter table audit_default disable trigger chain_audit',
      "insert into audit (actor, action, details) values ('op', 'user add', '{}')",
    ],
    told: () => [/^audit: 1 rows name no link, 0 are older than the trail: 1 extra$/],
  },
  {
    what: "two operators' actions that changed places",
    row: ENTRY,
    statements: ({ no }) => [
      `update audit set no = -1 where no = ${no}`,
      `update audit set no = ${no} where no = ${no} + 1`,
      `update audit set no = ${no} + 1 where no = -1`,
    ],
    told: ({ no }) => [new RegExp(`^entry ${no} .* has been changed$`)],
  },
];

function swapped(table: string, one: string, other: string): readonly string[] {
  return [
    `update ${table} set id = -1 where id = ${one}`,
    `update ${table} set id = ${one} where id = ${other}`,
    `update ${table} set id = ${other} where id = -1`,
  ];
}
