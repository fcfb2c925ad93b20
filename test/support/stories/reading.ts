/** Compares what members are told with what a story expects, and gives the story's short names real values. */
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import { utcTimestamp } from '../../../src/fix/timestamp.ts';
import type { FixVersion } from '../../../src/fix/version.ts';
import type { StoryAnswer } from './session.ts';
import type { StoryMessage } from './story.ts';

/** ClOrdID and OrigClOrdID: short in a story, unique in the venue. */
const IDS: readonly number[] = [TAG.ClOrdID, TAG.OrigClOrdID];
const RELATIVE_TIME = /^([+-]\d+)s$/;

/** One telling of one story. */
export class Reading {
  readonly symbol: string;
  readonly #version: FixVersion;
  readonly #bound = new Map<string, string>();

  constructor(symbol: string, version: FixVersion) {
    this.symbol = symbol;
    this.#version = version;
  }

  /** The fields that a member sends, with those that every such message has. */
  fieldsToSend({ msgType, fields }: StoryMessage, now: number): [number, string][] {
    const named = new Set(fields.map(([tag]) => tag));
    const usual: [number, string][] = [];
    const isOrder = msgType === MSG_TYPE.NewOrderSingle || msgType === MSG_TYPE.OrderCancelReplaceRequest;
    if (!named.has(TAG.Symbol) && !WITHOUT_SYMBOL.includes(msgType)) usual.push([TAG.Symbol, this.symbol]);
    if (!WITHOUT_TIME.includes(msgType)) usual.push([TAG.TransactTime, utcTimestamp(now)]);
    if (isOrder && this.#version === 'FIX.4.2') usual.push([TAG.HandlInst, '1']);
    return [...fields.map(([tag, value]): [number, string] => [tag, this.#real(tag, value, now)]), ...usual];
  }

  /** What of `message` is not as it should be, in words; undefined when all is. */
  difference(expected: StoryMessage, message: Pick<StoryAnswer, 'msgType' | 'get'>): string | undefined {
    const wrong: string[] = [];
    if (message.msgType !== expected.msgType) wrong.push(`35=${expected.msgType}`);
    for (const [tag, value] of expected.fields) {
      const is = message.get(tag);
      if (!this.#isAsTold(tag, value, is)) wrong.push(`${tag}=${value}`);
    }
    return wrong.length === 0 ? undefined : wrong.join(' ');
  }

  #isAsTold(tag: number, value: string, is: string | undefined): boolean {
    if (value === '-') return is === undefined;
    if (is === undefined) return false;
    if (!value.startsWith('$')) return is === this.#real(tag, value, 0);
    const known = this.#bound.get(value);
    this.#bound.set(value, known ?? is);
    return known === undefined || known === is;
  }

  #real(tag: number, value: string, now: number): string {
    if (value === 'SYMBOL') return this.symbol;
    const [, seconds] = RELATIVE_TIME.exec(value) ?? [];
    if (seconds !== undefined) return utcTimestamp(now + Number(seconds) * 1_000);
    return IDS.includes(tag) ? `${this.symbol}-${value}` : value;
  }
}

const WITHOUT_SYMBOL: readonly string[] = [MSG_TYPE.OrderMassCancelRequest, MSG_TYPE.OrderMassStatusRequest];
const WITHOUT_TIME: readonly string[] = [
  MSG_TYPE.OrderStatusRequest,
  MSG_TYPE.OrderMassStatusRequest,
  MSG_TYPE.SecurityListRequest,
  MSG_TYPE.SecurityStatusRequest,
];
