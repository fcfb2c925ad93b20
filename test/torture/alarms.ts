/**
 * Which lines of a venue's log are alarms: a torture run breaks machines and books, never the rules by which the venue
 * writes, so that none of its faults explains one.
 */

/** Events that are errors of the venue itself, whatever happens around it. */
const ERRORS_OF_ITS_OWN: ReadonlySet<string> = new Set(['uncaught error', 'a journal entry makes no sense']);

/** The lines that are alarms. Lines that are no events are none: the last one of a killed process may be half. */
export function alarmsIn(lines: readonly string[]): string[] {
  return lines.filter((line) => {
    const event = eventIn(line);
    return event !== undefined && (event.alarm === true || ERRORS_OF_ITS_OWN.has(String(event.event)));
  });
}

function eventIn(line: string): { readonly alarm?: unknown; readonly event?: unknown } | undefined {
  // Most lines are not worth parsing.
  if (!line.includes('"alarm":true') && !line.includes('"level":"error"')) return undefined;
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null ? event : undefined;
  } catch {
    return undefined;
  }
}
