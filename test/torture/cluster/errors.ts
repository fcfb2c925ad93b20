/**
 * Which errors in the logs of a cluster its faults explain. An alarm is never explained: faults break machines, and no
 * machine breaks the rules by which the venue writes.
 */
import { alarmsIn } from '../alarms.ts';

/** Faults of Postgres and of the way to it; processes that stand still lose their connections too. */
const POSTGRES = ['StopPostgres', 'CutFromPostgres'];
const PAUSES = ['PauseEngine', 'PauseGateway', 'ReplaceEngine'];
const NATS = ['KillNats', 'PauseNats'];
const ANY = undefined;

/** By event: the kinds of faults that explain it, as their names begin. */
const EXPLAINED: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  // A busy machine may keep a node from renewing its lease in time.
  ['no longer in the cluster', ANY],
  ['out of the cluster: all that is in memory is thrown away, and the node joins again', ANY],
  ['others have what this node had', ANY],
  ['another node owns what this one wrote for: all that is in memory is void', ANY],
  ['engine lock lost', POSTGRES],
  ['the database does not answer: orders are refused until it does', [...POSTGRES, ...PAUSES]],
  ['a load failed', [...POSTGRES, ...PAUSES]],
  ['a book cannot be loaded', [...POSTGRES, ...PAUSES]],
  ['account cannot be read', [...POSTGRES, ...PAUSES]],
  ['instrument cannot be read', [...POSTGRES, ...PAUSES]],
  ['trading status cannot be read: the symbol stays as it is', [...POSTGRES, ...PAUSES]],
  ['operator request failed', [...POSTGRES, ...PAUSES]],
  ['the node does not start', [...POSTGRES, 'StartTwice', 'ReplaceEngine']],
  ['nats_subscription', NATS],
  ['symbol halted', ['BreakBook']],
]);
/** What a book says that was told to. */
const ASKED_FOR = 'a fault that was asked for';

/** Lines that are alarms, or errors that no fault of these kinds explains. */
export function unexpectedIn(lines: readonly string[], kinds: ReadonlySet<string>): string[] {
  const alarms = new Set(alarmsIn(lines));
  return lines.filter((line) => alarms.has(line) || isUnexplained(line, kinds));
}

function isUnexplained(line: string, kinds: ReadonlySet<string>): boolean {
  if (!line.includes('"level":"error"')) return false;
  const event = eventIn(line);
  if (event === undefined) return false;
  if (event === 'actor crashed') return !line.includes(ASKED_FOR);
  if (!EXPLAINED.has(event)) return true;
  const causes = EXPLAINED.get(event);
  return causes !== undefined && !causes.some((cause) => [...kinds].some((kind) => kind.startsWith(cause)));
}

/** Undefined for half a line, which is the last of a process that was killed. */
function eventIn(line: string): string | undefined {
  try {
    return String((JSON.parse(line) as { readonly event?: unknown }).event);
  } catch {
    return undefined;
  }
}
