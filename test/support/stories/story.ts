/**
 * Stories of a market, written as a member's log would show them: who sends which message, and the whole list of
 * reports that everybody gets. The same stories are run over FIX sessions of each version and on the pure core.
 *
 *     alice > D 11=a 54=1 38=10 40=2 44=100
 *     alice < 8 11=a 150=0 39=0 38=10 14=0 151=10
 *
 * Fields are tags. What a line does not name is not compared; `41=-` says that the field is absent, `37=$x` stands
 * for a value that is the same wherever `$x` stands. Expectations are FIX.4.4's: other versions say some of it in
 * other words ({@link expectedIn}).
 */
import type { FixVersion } from '../../../src/fix/version.ts';

/** One line that somebody sends, or is sent. */
export interface StoryMessage {
  readonly who: string;
  readonly msgType: string;
  /** In the order of the line; `-` for a field that must be absent. */
  readonly fields: readonly (readonly [tag: number, value: string])[];
}

/** A deed of the venue's operator: `operator > halt`. */
export interface StoryDeed {
  readonly deed: string;
}

/** What somebody does, and everything that members are told because of it, each in order. */
export interface StoryStep {
  /** Messages of one member that reach the venue together, or a deed. */
  readonly action: readonly StoryMessage[] | StoryDeed;
  readonly told: readonly StoryMessage[];
}

/** What of the instrument is unusual. Its tick and its lot are 1. */
export interface StoryInstrument {
  readonly postOnlySlides?: boolean;
  readonly maxNotional?: string;
  readonly maxOpenOrders?: number;
}

export interface Story {
  readonly title: string;
  readonly steps: readonly StoryStep[];
  readonly instrument: StoryInstrument;
  /** Versions in which it can be told. */
  readonly versions: readonly FixVersion[];
  /** Whether it happens in the book and the accounts alone, without an operator or a clock. */
  readonly isPure: boolean;
}

export interface StoryOptions {
  readonly instrument?: StoryInstrument;
  readonly versions?: readonly FixVersion[];
  readonly isPure?: boolean;
}

export const ALL_VERSIONS: readonly FixVersion[] = ['FIX.4.2', 'FIX.4.4', 'FIX.5.0SP2'];
/** Where messages exist that FIX.4.2 does not have. */
export const SINCE_44: readonly FixVersion[] = ['FIX.4.4', 'FIX.5.0SP2'];

const LINE = /^(\w+) ([<>]) (.*)$/;
const FIELD = /(\d+)=("[^"]*"|\S+)/g;

/** A story out of its lines; blank ones separate for the eye. Throws on a line that it cannot read. */
export function story(title: string, text: string, options: StoryOptions = {}): Story {
  const steps: { action: StoryStep['action']; told: StoryMessage[] }[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const [, who = '', direction, rest = ''] = LINE.exec(line) ?? [];
    if (direction === undefined) throw new Error(`not a line of a story: ${line}`);
    if (who === 'operator') steps.push({ action: { deed: rest }, told: [] });
    else if (direction === '>') steps.push({ action: messagesOf(who, rest), told: [] });
    else steps.at(-1)?.told.push(messageOf(who, rest));
  }
  const isPure = options.isPure ?? steps.every(({ action }) => !('deed' in action));
  const { instrument = {}, versions = ALL_VERSIONS } = options;
  return { title, steps, instrument, versions, isPure };
}

/** `&` stands between messages that are sent at once. */
function messagesOf(who: string, text: string): StoryMessage[] {
  return text.split(' & ').map((one) => messageOf(who, one));
}

function messageOf(who: string, text: string): StoryMessage {
  const [msgType = ''] = text.split(' ', 1);
  const fields = [...text.matchAll(FIELD)].map(
    ([, tag, value = '']) => [Number(tag), value.replaceAll('"', '')] as const,
  );
  return { who, msgType, fields };
}

/** How a version says what FIX.4.4 says in these fields. */
export function expectedIn(version: FixVersion, message: StoryMessage): StoryMessage {
  if (version === 'FIX.4.4') return message;
  const fields = new Map(message.fields);
  if (version === 'FIX.5.0SP2') {
    if (isTrigger(fields)) {
      fields.set(150, 'L');
      fields.set(378, '-');
    }
    return { ...message, fields: [...fields] };
  }
  for (const tag of UNKNOWN_IN_42) fields.delete(tag);
  if (message.msgType === '8') sayIn42(fields);
  const cxlRejReason = fields.get(102);
  if (cxlRejReason !== undefined) fields.set(102, CXL_REJ_REASON_42[cxlRejReason] ?? cxlRejReason);
  return { ...message, fields: [...fields] };
}

/** WorkingIndicator, ids of trades and of questions, liquidity, fees: FIX.4.2 has no fields for them. */
const UNKNOWN_IN_42 = [527, 583, 526, 584, 636, 790, 851, 911, 912, 136, 137, 138, 139];
const CXL_REJ_REASON_42: Readonly<Record<string, string>> = { 6: '0', 99: '2' };
const ORD_REJ_REASON_42: Readonly<Record<string, string>> = { 11: '0', 13: '0', 18: '0', 99: '0' };
const RESTATEMENT_42: Readonly<Record<string, string>> = { 6: '4', 7: '4', 8: '4', 99: '4' };

function sayIn42(fields: Map<number, string>): void {
  const execType = fields.get(150) ?? '';
  const ordStatus = fields.get(39) ?? '';
  fields.set(20, execType === 'I' ? '3' : execType === 'H' ? '1' : execType === 'G' ? '2' : '0');
  if (execType === '5' && ordStatus === '0') fields.set(39, '5');
  if ('FIGH'.includes(execType)) fields.set(150, ordStatus);
  replace(fields, 103, ORD_REJ_REASON_42);
  replace(fields, 378, RESTATEMENT_42);
}

function replace(fields: Map<number, string>, tag: number, words: Readonly<Record<string, string>>): void {
  const value = fields.get(tag);
  if (value !== undefined) fields.set(tag, words[value] ?? value);
}

/** A stop order on its way: FIX.4.4 restates it (D) with its WorkingIndicator (636) set. */
function isTrigger(fields: ReadonlyMap<number, string>): boolean {
  return fields.get(150) === 'D' && fields.get(636) === 'Y';
}
