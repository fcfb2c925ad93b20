/** Tables for people: columns as wide as their widest cell, numbers to the right. */

/** One column: its title, and the field of a row that it shows. */
export interface Column {
  readonly title: string;
  readonly field: string;
  /** To the right: for numbers. */
  readonly right?: boolean;
  /** Left out of a table in which no row has a value. */
  readonly rare?: boolean;
  /** Words for codes; a value without one is shown as it is. */
  readonly words?: Readonly<Record<string, string>>;
}

export type Row = Readonly<Record<string, unknown>>;

/** `YYYY-MM-DDTHH:MM:SS.mmmZ`, which people read more easily without its letters. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/;
const GAP = '  ';

/** The table as lines; `(none)` when it has no rows. */
export function formatTable(all: readonly Column[], rows: readonly Row[]): string {
  if (rows.length === 0) return '(none)\n';
  const columns = all.filter(({ rare, field }) => rare !== true || rows.some((row) => row[field] != null));
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => cellText(column, row[column.field]))),
  ];
  const widths = columns.map((_, index) =>
    cells.reduce((widest, line) => Math.max(widest, line[index]?.length ?? 0), 0),
  );
  return cells
    .map((line) =>
      line
        .map((cell, index) => {
          const width = widths[index] ?? 0;
          return columns[index]?.right ? cell.padStart(width) : cell.padEnd(width);
        })
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** One row as lines of `title  value`, for a single thing. */
export function formatCard(columns: readonly Column[], row: Row): string {
  const width = Math.max(...columns.map(({ title }) => title.length));
  return columns
    .map((column) => `${column.title.padEnd(width)}${GAP}${cellText(column, row[column.field])}\n`)
    .join('');
}

function cellText(column: Column, value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.join(', ');
  const text = String(value);
  const word =
    column.words !== undefined && Object.hasOwn(column.words, text) ? column.words[text] : undefined;
  if (word !== undefined) return word;
  const instant = INSTANT.exec(text);
  return instant === null ? text : `${instant[1]} ${instant[2]}Z`;
}
