/**
 * Months of UTC, the unit of partitions and so of retention. Apart, since partitions that are made and partitions that
 * are dropped must mean the same months.
 */

export interface Month {
  /** `2026_11`. */
  readonly suffix: string;
  /** First instant of the month and of the one after it, ISO. */
  readonly from: string;
  readonly to: string;
}

/** The month of an instant, ms since the epoch, or one `offset` months after it. */
export function monthOf(at: number, offset = 0): Month {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + offset];
  const from = new Date(Date.UTC(year, month, 1)).toISOString();
  return {
    suffix: from.slice(0, 7).replace('-', '_'),
    from,
    to: new Date(Date.UTC(year, month + 1, 1)).toISOString(),
  };
}

/** The month of a partition's name; undefined when it has none. */
export function monthOfPartition(table: string, partition: string): Month | undefined {
  const match = /^(\d{4})_(\d{2})$/.exec(partition.slice(table.length + 1));
  if (match === null || !partition.startsWith(`${table}_`)) return undefined;
  return monthOf(Date.UTC(Number(match[1]), Number(match[2]) - 1, 1));
}
