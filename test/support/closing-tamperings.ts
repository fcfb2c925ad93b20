/** What somebody may do to closings, and to the rows around them, as statements; and by which words it is found. */

/** What is done to a database that had closings up to March 2024, what `audit verify` tells of it, and what `reconcile` does, if it can know. */
export function closingTamperings(): readonly (readonly [string, readonly string[], RegExp, RegExp?])[] {
  const line = (kind: string, set: string) => [
    `update closing_lines set value = value || ${set} where (closing_id, kind, key) = ` +
      `(select closing_id, kind, key from closing_lines where kind = '${kind}' order by key limit 1)`,
  ];
  const CHANGED_LINE = /^closing \d+: a line of it has been changed, removed or added$/;
  return [
    ['a changed balance', line('balance', `'{"amount": 7777}'`), CHANGED_LINE, /the rows make/],
    ['a changed number', line('number', `'{"seq": 1}'`), CHANGED_LINE, /missing between|last number given/],
    ['a changed order', line('order', `'{"quantity": 9}'`), CHANGED_LINE, /order \d+ of user/],
    ['a changed trade', line('trade', `'{"price": 1}'`), CHANGED_LINE, /the price before is/],
    ['a changed end of a chain', line('chain', `'{"no": 1099511627777}'`), CHANGED_LINE],
    [
      'a changed hash of a chain',
      line('chain', `jsonb_build_object('hash', repeat('ab', 32))`),
      /does not follow/,
    ],
    ['a changed count of rows', line('baseline', `'{"count": 5}'`), CHANGED_LINE],
    ['a missing line', ["delete from closing_lines where kind = 'order'"], CHANGED_LINE, /no row|has no/],
    [
      'an added line',
      [
        "insert into closing_lines select closing_id, kind, key || 'x', value from closing_lines where kind = 'balance'",
      ],
      CHANGED_LINE,
    ],
    [
      'a changed closing',
      ["update closings set row_counts = '{}' where id = (select max(id) from closings)"],
      /^closing \d+ has been changed$/,
    ],
    [
      'a closing that was made anew',
      [
        "update closings set previous_hash = decode(repeat('11', 32), 'hex') where id = (select max(id) from closings)",
      ],
      /^closing \d+ (does not follow|has been changed)/,
    ],
    [
      'a missing closing between others',
      ['delete from closings where id = (select max(id) from closings) - 1'],
      /^closing \d+ does not follow the one before it: one is missing$/,
    ],
    [
      'a closing that was taken back',
      ['update closings set audit_no = null where id = (select max(id) from closings)'],
      /^closing \d+ is missing, or does not count any more/,
    ],
    [
      'a transfer of before that was changed',
      ["update transfers set requested_by = 'nobody' where id = (select min(id) from transfers)"],
      /^closing \d+: a transfer of before has been changed/,
    ],
    [
      'a transfer of before that was made up',
      [
        'create temp table t on commit drop as select * from transfers order by id limit 1',
        "update t set id = 100000, idempotency_key = 'new'",
        'insert into transfers select * from t',
      ],
      /^closing \d+: a transfer of before has been changed/,
    ],
    [
      'an order that lives on and was changed in what was accepted',
      [
        "update orders set entry_cl_ord_id = 'x' where id in (select key::bigint from closing_lines where kind = 'order')",
      ],
      /^order \d+, which was open at closing \d+, has been changed in what was accepted$/,
    ],
    [
      'an order that lives on, has traded nothing and is not there any more',
      [
        "delete from orders where id = (select min(key::bigint) from closing_lines where kind = 'order' " +
          "and (value->>'filled_quantity')::numeric = 0)",
      ],
      /^order \d+, which was open at closing \d+, is missing$/,
      /^order \d+ has no row, but its trades, or the last closing, have it: 0 filled for 0$/,
    ],
    [
      'a report that is dated back among what is gone',
      [
        'create temp table t on commit drop as select * from reports order by at limit 1',
        "update t set at = '2023-11-20', link = (select min(no) from audit_links) - 1",
        'insert into reports select * from t',
      ],
      /^reports: 1 rows are of before closing \d+|covered by no link/,
    ],
    [
      'a report that names a link which is gone',
      [
        'create temp table t on commit drop as select * from reports order by at desc limit 1',
        'update t set source_seq = source_seq + 1, link = 1099511627777',
        'insert into reports select * from t',
      ],
      /is covered by no link: it names link 1$/,
    ],
    [
      'a partition that was dropped without a closing',
      ['drop table reports_2024_03'],
      /row \d+ of \d+ of reports.* is missing$/,
      /missing between/,
    ],
    [
      'partitions of the trail too',
      ['drop table audit_links_2024_03', 'drop table reports_2024_03'],
      /does not follow/,
    ],
  ];
}
