/** The raw messages of docs/CONNECTING.md, sent as the page has them: the venue must take every one. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { NEW_ORDER_SINGLE } from '../../../src/fix/messages/order-entry.ts';
import { SECURITY_LIST } from '../../../src/fix/messages/reference-data.ts';
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import { utcTimestamp } from '../../../src/fix/timestamp.ts';
import { typedTags } from '../../../src/fix/typed-messages.ts';
import type { FixVersion } from '../../../src/fix/version.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { identityOf } from '../../support/market-day.ts';
import { until } from '../../support/until.ts';
import type { Surroundings } from './conversation.ts';
import { type Field, QuickFixMember, textOf } from './quickfix-member.ts';
import { PAGE } from './settings.ts';

const BLOCK = /^```fix\n(.*?)^```$/ms;
/** Where the page's market is, so that its market order has a price to go by. */
const REFERENCE_PRICE = '100';
const HANDL_INST: Field = [TAG.HandlInst, '1'];

const ORDER = typedTags(NEW_ORDER_SINGLE);
const LIST = typedTags(SECURITY_LIST);

/** What FIX.4.2 does without, as the page says. */
const NOT_IN_42 = {
  msgTypes: ['AF', 'q', 'x'],
  tags: [ORDER.SecondaryClOrdID, ORDER.ClOrdLinkID, TAG.OrdStatusReqID],
};

/** By MsgType (35): the field of a message that its answer repeats, and what the answer says when it is taken. */
const ANSWERS: Readonly<Record<string, { readonly id: number; readonly said: readonly Field[] }>> = {
  D: { id: TAG.ClOrdID, said: [[TAG.ExecType, '0']] },
  G: { id: TAG.ClOrdID, said: [[TAG.ExecType, '5']] },
  F: { id: TAG.ClOrdID, said: [[TAG.ExecType, '4']] },
  H: { id: TAG.ClOrdID, said: [[TAG.OrdStatus, '0']] },
  AF: { id: TAG.MassStatusReqID, said: [[TAG.ExecType, 'I']] },
  q: { id: TAG.ClOrdID, said: [[TAG.MsgType, MSG_TYPE.OrderMassCancelReport]] },
  x: { id: TAG.SecurityReqID, said: [[LIST.SecurityRequestResult, '0']] },
  e: { id: TAG.SecurityStatusReqID, said: [[TAG.MsgType, MSG_TYPE.SecurityStatus]] },
};

/** Defines the test of one version, over plain TCP. */
export function describeExamples(version: FixVersion, no: number, surroundings: () => Surroundings): void {
  let member: QuickFixMember;

  after(() => member?.stop());

  it(`are taken in ${version} as the page has them`, async () => {
    const { directory, program, venue } = surroundings();
    const identity = identityOf(`reader-${no}`, 500 + no);
    const [symbol, home] = [`EX${no}-USD`, join(directory, identity.username)];
    member = new QuickFixMember({ identity, program, transport: 'tcp', directory: home });
    await venue.openMarket(symbol, [identity]);
    await venue.done('POST', `/v1/instruments/${symbol}/reference-price`, { price: REFERENCE_PRICE });
    await member.start(await venue.settingsFor(member, version, 'tcp'));
    await member.logon();

    for (const fields of await examplesIn(version, symbol)) {
      const [type, ...body] = fields;
      const msgType = type?.[1] ?? '';
      const expected = ANSWERS[msgType];
      if (expected === undefined) throw new Error(`no answer is known to ${msgType}`);
      const id = body.find(([tag]) => tag === expected.id)?.[1];
      const heardCount = member.heard.length;
      member.sendFields(msgType, body);
      const answer = await until(`the answer to ${msgType} ${id}`, () => {
        return member.heard.slice(heardCount).find((message) => message.get(expected.id) === id);
      });
      // A refusal has its reason, and nothing else here has a text.
      for (const [tag, value] of [...expected.said, [TAG.Text, undefined] as const]) {
        expect(answer.get(tag), `${tag} of ${textOf(answer)}`).to.equal(value);
      }
    }
    expect(member.complaints).to.deep.equal([]);
    expect(member.rejects.map(textOf)).to.deep.equal([]);
  });
}

/** The page's messages for a symbol, sent now. MsgType (35) comes first. */
async function examplesIn(version: FixVersion, symbol: string): Promise<(readonly Field[])[]> {
  const [, block = ''] = BLOCK.exec(await readFile(PAGE, 'utf8')) ?? [];
  const lines = block.split('\n').filter((line) => line.startsWith('35='));
  expect(lines).to.have.length.above(Object.keys(ANSWERS).length);
  const now = utcTimestamp(systemClock.now());
  const own = new Map([
    [TAG.Symbol, symbol],
    [TAG.TransactTime, now],
  ]);
  const examples = lines.map((line) =>
    line.split('|').map((field): Field => {
      const [tag, value = ''] = field.split('=');
      return [Number(tag), own.get(Number(tag)) ?? value];
    }),
  );
  return version === 'FIX.4.2' ? asIn42(examples) : examples;
}

function asIn42(examples: readonly (readonly Field[])[]): (readonly Field[])[] {
  const { msgTypes, tags } = NOT_IN_42;
  const typeOf = (fields: readonly Field[]): string => fields[0]?.[1] ?? '';
  return examples
    .filter((fields) => !msgTypes.includes(typeOf(fields)))
    .map((fields) => {
      const said = fields.filter(([tag]) => !tags.includes(tag));
      return ['D', 'G'].includes(typeOf(fields)) ? [...said, HANDL_INST] : said;
    });
}
