/**
 * The plans of statements as they were executed, whoever sent them and however: the server tells each to the connection
 * that ran it (auto_explain). Nothing is typed again, so that what is judged is what the venue does.
 */
import type { MikroORM } from '@mikro-orm/postgresql';

/** Settings of a server whose plans can be watched. */
export const PLANS_TOLD: Readonly<Record<string, string>> = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
  // Otherwise a large commit would be told with all its parameters.
  'auto_explain.log_parameter_max_length': '0',
};

/** What one execution of a statement did to tables. */
export interface ExecutedPlan {
  readonly statement: string;
  readonly ms: number;
  /** Rows that were read of each table or partition that was touched. */
  readonly rowsRead: ReadonlyMap<string, number>;
  /** Tables and partitions that were read from one end to the other. */
  readonly scanned: ReadonlySet<string>;
  /** Blocks, in memory or not. */
  readonly blocks: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Told {
  readonly 'Query Text': string;
  readonly Plan: PlanNode;
}

/** Watches all that is sent through `orm` from now on. */
export async function watchPlans(orm: MikroORM): Promise<PlanWatch> {
  const watch = new PlanWatch();
  const pool = await orm.em.getConnection().getNativeClient();
  const heard = new WeakSet<object>();
  pool.on('acquire', (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('notice', ({ message }) => {
      if (message !== undefined) watch.hear(message);
    });
  });
  return watch;
}

export class PlanWatch {
  #plans: ExecutedPlan[] = [];

  /** A notice of the server, which may be a plan. */
  hear(notice: string): void {
    const match = /^duration: ([\d.]+) ms\s+plan:\s+(\{.*)$/s.exec(notice);
    if (match === null) return;
    const [, duration = '', text = ''] = match;
    const told = JSON.parse(text) as Told;
    const rowsRead = new Map<string, number>();
    const scanned = new Set<string>();
    visit(told.Plan, rowsRead, scanned);
    this.#plans.push({
      statement: told['Query Text'],
      ms: Number(duration),
      rowsRead,
      scanned,
      blocks: (told.Plan['Shared Hit Blocks'] ?? 0) + (told.Plan['Shared Read Blocks'] ?? 0),
    });
  }

  /** What was executed since this was asked last. */
  take(): readonly ExecutedPlan[] {
    const plans = this.#plans;
    this.#plans = [];
    return plans;
  }
}

/** A node that was planned and never executed has touched nothing. */
function visit(node: PlanNode, rowsRead: Map<string, number>, scanned: Set<string>): void {
  const loops = node['Actual Loops'] ?? 0;
  const relation = node['Relation Name'];
  if (relation !== undefined && loops > 0 && node['Node Type'] !== 'ModifyTable') {
    const rows = loops * ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0));
    rowsRead.set(relation, (rowsRead.get(relation) ?? 0) + rows);
    if (node['Node Type'] === 'Seq Scan') scanned.add(relation);
  }
  for (const child of node.Plans ?? []) visit(child, rowsRead, scanned);
}
