import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import fixparser from 'fixparser';
import {
  enumName,
  enumValues,
  fieldName,
  fieldTag,
  fieldType,
  isFieldOf44,
  isMessageOf44,
  messageName,
  tagsOf44,
} from '../../src/fix/dictionary.ts';
import {
  ENUMS_NOT_IN_44,
  ENUMS_OF_44,
  FIELDS_BEFORE_44,
  FIELDS_OF_44,
} from '../../src/fix/dictionary-differences.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';

interface IndependentField {
  readonly name: string;
  readonly type: string;
  readonly values: readonly string[];
}

/** The `<fields>` of a QuickFIX-format dictionary that jspurefix ships: data that fixparser has no part in. */
function independentFields(file: string): Map<number, IndependentField> {
  const packageJson = createRequire(import.meta.url).resolve('jspurefix/package.json');
  const xml = readFileSync(packageJson.replace('package.json', `data/${file}`), 'utf8');
  const fields = new Map<number, IndependentField>();
  const section = xml.slice(xml.lastIndexOf('<fields>'));
  for (const [, tag, name, type, rest] of section.matchAll(
    /<field number=['"](\d+)['"] name=['"](\w+)['"] type=['"](\w+)['"]\s*(\/>|>[\s\S]*?<\/field>)/g,
  )) {
    const values = [...rest!.matchAll(/<value enum=['"]([^'"]+)['"]/g)].map((match) => match[1]!);
    fields.set(Number(tag), { name: name!, type: type!, values });
  }
  return fields;
}

const FIX44 = independentFields('FIX44.xml');

describe('the FIX.4.4 dictionary', () => {
  it('has the fields of an independent dictionary, with their names and types', () => {
    const ours = tagsOf44()
      .sort((a, b) => a - b)
      .map((tag) => `${tag} ${fieldName(tag)} ${fieldType(tag)?.toUpperCase()}`);
    const theirs = [...FIX44]
      .sort(([a], [b]) => a - b)
      .map(([tag, field]) => `${tag} ${field.name} ${field.type}`);
    expect(theirs).to.have.length(912);
    expect(ours).to.deep.equal(theirs);
  });

  for (const name of [
    'AccountType AcctIDSource BookingType CustOrderCapacity EncryptMethod ExecInst ForexReq GapFillFlag',
    'HandlInst OrdStatus OrdType OrderCapacity PartyIDSource PositionEffect PossDupFlag PriceType',
    'QtyType ResetSeqNumFlag SecurityIDSource SettlType Side TimeInForce CxlRejReason MiscFeeType',
    'BusinessRejectReason SessionRejectReason ExecType LastLiquidityInd ExecRestatementReason YieldType',
  ].flatMap((line) => line.split(' '))) {
    it(`has the values of ${name} of an independent dictionary`, () => {
      const tag = fieldTag(name);
      const theirs = FIX44.get(tag)!.values;
      if (fieldType(tag) === 'Boolean') {
        expect(theirs).to.have.members(['Y', 'N']);
        return;
      }
      // fixparser keeps YieldType's value under a spelling of its own besides.
      const ours = [...enumValues(tag)!].filter((value) => value !== 'VALUE1_32');
      expect(ours).to.have.members([...theirs]);
    });
  }

  it('does not define what came later or was gone before', () => {
    expect(
      [fieldTag('DisplayQty'), fieldTag('TradeID'), fieldTag('ExecTransType')].map(isFieldOf44),
    ).to.deep.equal([false, false, false]);
    expect(['AE', 'BH', 'BI', 'CA', 'ZZ', ''].map(isMessageOf44)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('names fields, values and messages of any version', () => {
    expect(fieldName(44)).to.equal('Price');
    expect(fieldName(20)).to.equal('ExecTransType');
    expect(fieldName(1138)).to.equal('DisplayQty');
    expect(fieldName(999_999)).to.equal(undefined);
    expect(enumName(54, '1')).to.equal('Buy');
    expect(enumName(20, '0')).to.equal('New');
    expect(enumName(54, '~')).to.equal(undefined);
    expect(enumName(624, '2'), 'LegSide shares the values of Side').to.equal('Sell');
    expect(messageName('D')).to.equal('NewOrderSingle');
    expect(messageName('~')).to.equal(undefined);
  });
});

describe('the table of differences', () => {
  it('says only what fixparser lacks or has otherwise, and what its source says', () => {
    const sources = new Map(
      ['FIX42.xml', 'FIX43.xml', 'FIX44.xml'].map((file) => [file, independentFields(file)] as const),
    );
    for (const { tag, name, source } of [...FIELDS_BEFORE_44, ...FIELDS_OF_44]) {
      expect(sources.get(source.split(',')[0]!)?.get(tag)?.name, `${tag}`).to.equal(name);
    }
    for (const { tag } of FIELDS_BEFORE_44) {
      expect(Object.values(fixparser.Fields), `${tag}`).to.not.include(tag);
    }
    for (const { tag, value, source } of ENUMS_OF_44) {
      expect(sources.get(source.split(',')[0]!)?.get(tag)?.values, `${tag}`).to.include(value);
    }
    for (const [tag, values] of ENUMS_NOT_IN_44) {
      for (const value of values) expect(FIX44.get(tag)?.values).to.not.include(value);
    }
  });
});

describe('the tags that the venue names', () => {
  it('are those of fixparser', () => {
    for (const [name, tag] of Object.entries(TAG)) {
      if (name === 'ExecTransType') continue;
      expect(tag, name).to.equal(fixparser.Fields[name]);
    }
    for (const [name, msgType] of Object.entries(MSG_TYPE)) {
      expect(msgType, name).to.equal(fixparser.Messages[name]);
    }
  });
});
