/** Codecs can only be compared when they do the same: the same messages, the same values, the same reports. */
import { expect } from 'chai';
import {
  type EncodeContender,
  onebookEncode,
  onebookParse,
  type ParseContender,
  type Read,
} from '../../bench/support/codec-contender.ts';
import {
  fixparserEncode,
  fixparserParse,
  fixparserStream,
  fixparserValidate,
} from '../../bench/support/codec-fixparser.ts';
import { reportsInput, streamInput } from '../../bench/support/codec-input.ts';
import { type JspurefixContenders, jspurefixContenders } from '../../bench/support/codec-jspurefix.ts';
import { standingsOf, takeTurn } from '../../bench/support/contest.ts';
import { parseMessage } from '../../src/fix/message.ts';

/** 8, 9 and 10 differ by the digits of the length. */
const FRAMING_TAGS = [8, 9, 10];

function valuesOf(contender: ParseContender, messageCount: number): string[] {
  const values: string[] = [];
  contender.parse(streamInput(messageCount, 5), (...fields: Read[]) => {
    values.push(
      fields
        .map((value) => value ?? '')
        .join('|')
        .replace(/\|+$/, ''),
    );
  });
  return values;
}

/** Every report as its fields, by tag. */
function fieldsOf(contender: EncodeContender): string[] {
  const found: string[] = [];
  contender.encode(reportsInput(200, 6), (frame) => {
    const message = parseMessage(frame);
    if (message.type === 'Malformed') throw new Error(`${contender.name}: ${message.reason}`);
    const fields: (readonly [number, string])[] = [];
    for (let i = 0; i < message.fieldCount; i += 1) {
      const tag = message.tagAt(i);
      if (!FRAMING_TAGS.includes(tag)) fields.push([tag, message.valueAt(i)]);
    }
    found.push(fields.sort(([left], [right]) => left - right).join('|'));
  });
  return found;
}

describe('the contenders of the codec benchmark', () => {
  let jspurefix: JspurefixContenders;
  before(async () => {
    jspurefix = await jspurefixContenders();
  });

  it('read the same values from the same stream', () => {
    const ours = valuesOf(onebookParse, 300);
    expect(ours).to.have.length(300);
    expect(new Set(ours.map((line) => line[0]))).to.deep.equal(new Set(['D', 'F', 'G', '0']));
    for (const contender of [fixparserParse, fixparserStream, jspurefix.parse, jspurefix.checkedParse]) {
      expect(valuesOf(contender, 300), contender.name).to.deep.equal(ours);
    }
    expect(valuesOf(fixparserValidate, 20)).to.deep.equal(valuesOf(onebookParse, 20));
  });

  it('write the same fields for the same reports', () => {
    const ours = fieldsOf(onebookEncode);
    expect(ours).to.have.length(200);
    for (const contender of [fixparserEncode, jspurefix.encode]) {
      expect(fieldsOf(contender), contender.name).to.deep.equal(ours);
    }
  });

  it('are not compared when one of them loses messages', () => {
    const loser = { name: 'loser', does: '', expectedCount: 2, run: () => 1 };
    expect(() => takeTurn(loser, { warmUpMs: 1, measureMs: 1 })).to.throw('loser returned 1 of 2');
  });

  it('are compared round by round', () => {
    const turns = (name: string, rates: readonly number[]) =>
      rates.map((rate) => ({ name, does: 'it', rate }));
    expect(standingsOf([turns('one', [10, 20, 90]), turns('other', [5, 5, 10])])).to.deep.equal([
      { name: 'one', does: 'it', median: 20, best: 90, ratio: 1 },
      { name: 'other', does: 'it', median: 5, best: 10, ratio: 4 },
    ]);
  });
});
