/**
 * The demo on a terminal: headings, and FIX messages field by field with their names, wrapped to the page. Colour
 * is given by the caller, so that what goes to a file has none.
 */
import { stripVTControlCharacters } from 'node:util';
import { describeMessage } from '../fix/describe.ts';
import { messageName } from '../fix/dictionary.ts';
import { HEADER, TRAILER } from '../fix/rules.ts';

/** Columns that nothing is wider than. */
export const PAGE_WIDTH = 110;

/** Dresses text for a terminal, or leaves it as it is. */
export type Style = (kind: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string) => string;

const FIELD_INDENT = ' '.repeat(6);
const FIELD_GAP = '  ';
/** Who sent it and where to, as wide for every member. */
const ROUTE_WIDTH = 'venue → alice'.length;

const FRAMING_TAGS: ReadonlySet<number> = new Set([...HEADER, ...TRAILER].map(({ tag }) => tag));

/** A line across the page with a title in it. */
export function heading(title: string, style: Style): string {
  const start = `── ${title} `;
  return `\n${style('bold', start + '─'.repeat(Math.max(0, PAGE_WIDTH - start.length)))}\n`;
}

/** A message: who told whom what, and every field of it in its order; header and trailer dimmed. */
export function messageLines(
  member: string,
  direction: 'toVenue' | 'fromVenue',
  frame: string,
  isLate: boolean,
  style: Style,
): string {
  // After 8 and 9, as in every frame.
  const msgType = frame.split('\x01')[2]?.slice('35='.length) ?? '';
  const name = messageName(msgType) ?? `MsgType(35)=${msgType}`;
  const route = direction === 'toVenue' ? `${member} → venue` : `venue → ${member}`;
  const note = isLate ? style('dim', '  (about an order of an earlier run)') : '';
  const fields = describeMessage(frame).map((field) => {
    const tag = Number(/^[^(=]*\((\d+)\)=/.exec(field)?.[1]);
    return FRAMING_TAGS.has(tag) ? style('dim', field) : field;
  });
  const title = `\n  ${style('cyan', route.padEnd(ROUTE_WIDTH))}  ${style('bold', name)}${note}\n`;
  return title + wrap(fields, FIELD_INDENT, FIELD_GAP);
}

/** Fills lines with the pieces as far as the page goes; a longer piece is broken at blanks. */
export function wrap(pieces: readonly string[], indent: string, gap: string): string {
  const room = PAGE_WIDTH - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces.flatMap((whole) => (widthOf(whole) > room ? broken(whole, room) : [whole]))) {
    if (line !== '' && widthOf(line) + gap.length + widthOf(piece) > room) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? piece : line + gap + piece;
  }
  lines.push(line);
  return lines.map((text) => `${indent}${text}\n`).join('');
}

function broken(text: string, room: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > room) {
    const blank = rest.lastIndexOf(' ', room);
    const end = blank > 0 ? blank : room;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}

/** Columns that the text takes, without what only sets its colour. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
