import { expect } from 'chai';
import fixparser from 'fixparser';
import { ENUMS } from 'fixparser/spec/SpecEnums.js';
import { FIELDS } from 'fixparser/spec/SpecFields.js';
import {
  dataTagOf,
  enumName,
  enumValues,
  fieldName,
  fieldNameIn,
  fieldTag,
  fieldType,
  isFieldOf,
  isMessageOf,
  messageName,
  messagesOf,
  messageType,
  tagsOf,
} from '../../src/fix/dictionary.ts';
import { DATA_TAGS, DIFFERENCES } from '../../src/fix/dictionary-differences.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { isVenueField, VENUE_FIELDS } from '../../src/fix/venue-fields.ts';
import { type DictionaryVersion, FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import {
  type FixDocument,
  quickfixDocument,
  repositoryDocument,
  sessionLayerOf50SP2,
} from '../support/fix-documents.ts';

/** What the dictionary of each version is compared with, by the name that the table of differences uses. */
const DOCUMENTS: readonly (readonly [FixVersion, string, FixDocument])[] = [
  ['FIX.4.2', 'FIX42.xml', quickfixDocument('FIX42.xml')],
  ['FIX.4.2', 'FIX.4.2/Base', repositoryDocument('FIX.4.2')],
  ['FIX.4.4', 'FIX44.xml', quickfixDocument('FIX44.xml')],
  ['FIX.4.4', 'FIX.4.4/Base', repositoryDocument('FIX.4.4')],
  ['FIX.5.0SP2', 'FIX.5.0SP2/Base', repositoryDocument('FIX.5.0SP2')],
];
/** Ten years of extension packs later: it has all that FIX.5.0SP2 has, and much besides. */
const LATER = ['FIX.5.0SP2', 'FIX50SP2.xml', quickfixDocument('FIX50SP2.xml')] as const;

const MSG_TYPE_TAG = 35;

type Aspect = 'name' | 'type' | 'values';

/** Whether the table of differences says that the document is not to be followed. */
function isDisputed(version: FixVersion, document: string, about: Aspect, tag: number): boolean {
  return DIFFERENCES[version].disputes.some(
    (dispute) =>
      dispute.document.split(' and ').includes(document) &&
      dispute.about === about &&
      dispute.tags.includes(tag),
  );
}

/** What the dictionary and a document say about one aspect of a field that both have. */
function bothSay(version: FixVersion, document: FixDocument, about: Aspect, tag: number): [string, string] {
  const field = document.fields.get(tag)!;
  switch (about) {
    case 'name':
      return [`${fieldNameIn(version, tag)}`, field.name];
    case 'type':
      return [`${fieldType(tag, version)}`.toUpperCase(), field.type.toUpperCase()];
    case 'values':
      return [sorted(enumValues(version, tag) ?? []), sorted(field.values)];
  }
}

function sorted(values: Iterable<string>): string {
  return [...values].sort().join(' ');
}

function ascending(tags: Iterable<number>): number[] {
  return [...tags].sort((a, b) => a - b);
}

for (const [version, name, document] of DOCUMENTS) {
  describe(`the ${version} dictionary beside ${name}`, () => {
    it('has the same fields', () => {
      expect(document.fields.size).to.be.greaterThan(400);
      expect(ascending(tagsOf(version))).to.deep.equal(ascending(document.fields.keys()));
    });

    for (const about of ['name', 'type', 'values'] as const) {
      it(`has the same ${about} for each field`, () => {
        const differing: string[] = [];
        for (const tag of document.fields.keys()) {
          if (tag === MSG_TYPE_TAG || isDisputed(version, name, about, tag)) continue;
          const [ours, theirs] = bothSay(version, document, about, tag);
          if (ours !== theirs) differing.push(`${tag}: ${ours}, not ${theirs}`);
        }
        expect(differing).to.deep.equal([]);
      });
    }

    it('has the same messages', () => {
      expect(document.msgTypes.length).to.be.greaterThan(40);
      expect(messagesOf(version)).to.have.members([...document.msgTypes]);
    });
  });
}

describe(`the FIX.5.0SP2 dictionary beside ${LATER[1]}, which is later`, () => {
  const [version, name, document] = LATER;

  it('has no field and no message that was never heard of again', () => {
    expect(tagsOf(version).filter((tag) => !document.fields.has(tag))).to.deep.equal([]);
    const application = messagesOf(version).filter((msgType) => !isMessageOf('FIXT.1.1', msgType));
    expect(application.filter((msgType) => !document.msgTypes.includes(msgType))).to.deep.equal([]);
  });

  for (const about of ['name', 'type'] as const) {
    it(`has the same ${about} for each of its fields`, () => {
      const differing: string[] = [];
      for (const tag of tagsOf(version)) {
        if (isDisputed(version, name, about, tag)) continue;
        const [ours, theirs] = bothSay(version, document, about, tag);
        if (ours !== theirs) differing.push(`${tag}: ${ours}, not ${theirs}`);
      }
      expect(differing).to.deep.equal([]);
    });
  }

  it('has no value that was never heard of again', () => {
    const lost: string[] = [];
    for (const tag of tagsOf(version)) {
      if (isDisputed(version, name, 'values', tag)) continue;
      const theirs = document.fields.get(tag)!.values;
      for (const value of enumValues(version, tag) ?? []) {
        if (!theirs.includes(value)) lost.push(`${tag}=${value}`);
      }
    }
    expect(lost).to.deep.equal([]);
  });
});

describe('the FIXT.1.1 dictionary', () => {
  const session = sessionLayerOf50SP2();

  it('has the fields and messages of the session layer in the repository of FIX.5.0SP2', () => {
    expect(ascending(tagsOf('FIXT.1.1'))).to.deep.equal(ascending(session.tags));
    expect(messagesOf('FIXT.1.1')).to.have.members(session.msgTypes);
    expect(session.msgTypes).to.include.members(['A', '0', '1', '2', '3', '4', '5']);
  });

  it('says the same as FIX.5.0SP2 about each of them', () => {
    for (const tag of tagsOf('FIXT.1.1')) {
      expect(fieldNameIn('FIXT.1.1', tag)).to.equal(fieldNameIn('FIX.5.0SP2', tag));
      expect(fieldType(tag, 'FIXT.1.1')).to.equal(fieldType(tag, 'FIX.5.0SP2'));
      expect(enumValues('FIXT.1.1', tag)).to.deep.equal(enumValues('FIX.5.0SP2', tag));
    }
  });
});

describe('the dictionary', () => {
  const VERSIONS: readonly DictionaryVersion[] = ['FIX.4.2', 'FIX.4.4', 'FIXT.1.1', 'FIX.5.0SP2'];
  const whereDefined = (name: string) => VERSIONS.filter((version) => isFieldOf(version, fieldTag(name)));
  const whereSpoken = (name: string) => VERSIONS.filter((version) => isMessageOf(version, messageType(name)));

  it('knows which version brought a field and which dropped it', () => {
    expect(whereDefined('ExecTransType')).to.deep.equal(['FIX.4.2']);
    expect(whereDefined('NextExpectedMsgSeqNum')).to.deep.equal(['FIX.4.4', 'FIXT.1.1', 'FIX.5.0SP2']);
    expect(whereDefined('DefaultApplVerID')).to.deep.equal(['FIXT.1.1', 'FIX.5.0SP2']);
    expect(whereDefined('DisplayQty')).to.deep.equal(['FIX.5.0SP2']);
    expect(whereDefined('Side')).to.deep.equal(['FIX.4.2', 'FIX.4.4', 'FIX.5.0SP2']);
    expect(whereDefined('CancelOrdersOnDisconnect')).to.deep.equal([]);
  });

  it('knows which version brought a message', () => {
    expect(whereSpoken('NewOrderSingle')).to.deep.equal(['FIX.4.2', 'FIX.4.4', 'FIX.5.0SP2']);
    expect(whereSpoken('OrderMassCancelRequest')).to.deep.equal(['FIX.4.4', 'FIX.5.0SP2']);
    expect(whereSpoken('OrderMassActionRequest')).to.deep.equal(['FIX.5.0SP2']);
    expect(whereSpoken('Logon')).to.deep.equal(VERSIONS);
    for (const unknown of ['ZZ', '~', '']) {
      expect(VERSIONS.filter((version) => isMessageOf(version, unknown))).to.deep.equal([]);
    }
  });

  it('speaks in the words of a version', () => {
    expect(fieldNameIn('FIX.4.2', 32)).to.equal('LastShares');
    expect(fieldNameIn('FIX.4.4', 32)).to.equal('LastQty');
    expect(fieldTag('LastShares')).to.equal(fieldTag('LastQty'));
    expect(fieldNameIn('FIX.4.2', 453), 'where a version has no word, the newest').to.equal('NoPartyIDs');
    expect([fieldType(18, 'FIX.4.2'), fieldType(18, 'FIX.5.0SP2')]).to.deep.equal([
      'MultipleValueString',
      'MultipleCharValue',
    ]);
    expect(fieldType(272, 'FIX.4.2')).to.equal('UTCDate');
    expect(fieldNameIn('FIX.4.2', 999_999)).to.equal(undefined);
    expect(fieldType(999_999, 'FIX.4.4')).to.equal(undefined);
  });

  it('names fields, values and messages of any version', () => {
    expect(fieldName(44)).to.equal('Price');
    expect(fieldName(20)).to.equal('ExecTransType');
    expect(fieldName(1138)).to.equal('DisplayQty');
    expect(fieldName(999_999)).to.equal(undefined);
    expect(enumName(54, '1')).to.equal('Buy');
    expect(enumName(20, '0')).to.equal('New');
    expect(enumName(150, '1'), 'only FIX.4.2 has it').to.equal('PartialFill');
    expect(enumName(54, '~')).to.equal(undefined);
    expect(enumName(624, '2'), 'LegSide shares the values of Side').to.equal('Sell');
    expect(messageName('D')).to.equal('NewOrderSingle');
    expect(messageName('~')).to.equal(undefined);
    expect(() => fieldTag('Prize')).to.throw('no FIX field is named Prize');
    expect(() => messageType('NewOrder')).to.throw('no FIX message is named NewOrder');
  });

  it('names every value that a version allows', () => {
    for (const version of VERSIONS) {
      for (const tag of tagsOf(version)) {
        for (const value of enumValues(version, tag) ?? []) {
          expect(enumName(tag, value), `${version} ${tag}=${value}`).to.be.a('string');
        }
      }
    }
  });

  it('finds the one length field of every data field', () => {
    const dataTags = tagsOf('FIX.5.0SP2').filter((tag) =>
      ['data', 'XMLData'].includes(fieldType(tag, 'FIX.5.0SP2')!),
    );
    const counted = tagsOf('FIX.5.0SP2').flatMap((tag) => dataTagOf(tag) ?? []);
    expect(dataTags.length).to.be.greaterThan(20);
    expect(ascending(counted)).to.deep.equal(ascending(dataTags));
    for (const tag of tagsOf('FIX.5.0SP2')) {
      const dataTag = dataTagOf(tag);
      if (dataTag === undefined) continue;
      expect(fieldName(tag)).to.match(new RegExp(`^${fieldName(dataTag)}Len(gth)?$`));
    }
  });
});

describe('the fields that the venue adds', () => {
  it('have names, types and tags like others, and are of no version', () => {
    expect([fieldName(8013), fieldType(8013, 'FIX.4.2')]).to.deep.equal([
      'CancelOrdersOnDisconnect',
      'Boolean',
    ]);
    expect([fieldName(8014), fieldType(8014, 'FIX.5.0SP2')]).to.deep.equal([
      'CancelOnDisconnectWindow',
      'int',
    ]);
    for (const { tag, name, type, versions } of VENUE_FIELDS) {
      expect(fieldTag(name)).to.equal(tag);
      for (const version of versions) {
        expect(isFieldOf(version, tag), `${version} ${name}`).to.equal(false);
        expect(isVenueField(version, tag), `${version} ${name}`).to.equal(true);
        expect([fieldNameIn(version, tag), fieldType(tag, version)]).to.deep.equal([name, type]);
      }
    }
  });

  it('are the credentials where FIX.4.2 has none', () => {
    const where = (tag: number) => FIX_VERSIONS.filter((version) => isVenueField(version, tag));
    expect(where(TAG.Username)).to.deep.equal(['FIX.4.2']);
    expect(where(TAG.Password)).to.deep.equal(['FIX.4.2']);
    expect(where(TAG.CancelOrdersOnDisconnect)).to.deep.equal(FIX_VERSIONS);
    expect(isVenueField('FIXT.1.1', TAG.CancelOrdersOnDisconnect)).to.equal(true);
    expect(where(TAG.Side)).to.deep.equal([]);
  });
});

describe('the table of differences', () => {
  const rawFields = new Map(FIELDS.map((field) => [Number(field.Tag), field]));
  const rawValues = new Set(ENUMS.map((entry) => `${entry.Tag}=${entry.Value}`));

  for (const version of FIX_VERSIONS) {
    const differences = DIFFERENCES[version];

    it(`says only what fixparser lacks or has otherwise about ${version}`, () => {
      for (const { tag, name, type } of differences.fields) {
        const raw = rawFields.get(tag);
        expect(raw?.Name === name && raw.Type === type, `${tag}`).to.equal(false);
      }
      for (const { tags } of differences.absentFields) {
        for (const tag of tags) expect(rawFields.has(tag), `${tag}`).to.equal(true);
      }
      for (const { tag, value, name } of differences.values) {
        expect(rawValues.has(`${tag}=${value}`), `${tag}=${value}`).to.equal(name === undefined);
      }
      for (const { tag, values } of differences.absentValues) {
        for (const value of values)
          expect(rawValues.has(`${tag}=${value}`), `${tag}=${value}`).to.equal(true);
      }
    });

    it(`names the documents that it has its knowledge of ${version} from`, () => {
      const known = [...DOCUMENTS, LATER].filter((entry) => entry[0] === version).map((entry) => entry[1]);
      const { fields, absentFields, values, absentValues, lastMessage } = differences;
      for (const { source } of [...fields, ...absentFields, ...values, ...absentValues, lastMessage]) {
        expect(
          known.some((document) => source.includes(document)),
          source,
        ).to.equal(true);
      }
    });

    it(`disputes only where the document about ${version} does say otherwise`, () => {
      for (const { document: names, about, tags } of differences.disputes) {
        for (const name of names.split(' and ')) {
          const document = [...DOCUMENTS, LATER].find((entry) => entry[1] === name)![2];
          for (const tag of tags) {
            const [ours, theirs] = bothSay(version, document, about, tag);
            expect(ours, `${name} ${about} of ${tag}`).to.not.equal(theirs);
          }
        }
      }
    });
  }

  it('says only of length fields of what fixparser is silent', () => {
    for (const [lengthTag, dataTag] of DATA_TAGS) {
      expect(rawFields.get(lengthTag)?.AssociatedDataTag).to.equal(undefined);
      expect([rawFields.get(lengthTag)?.Type, rawFields.get(dataTag)?.Type]).to.deep.equal([
        'Length',
        'data',
      ]);
    }
  });
});

describe('the tags that the venue names', () => {
  it('are those of fixparser, of FIX.4.2 and of the venue', () => {
    const own = new Map<string, number>(VENUE_FIELDS.map(({ name, tag }) => [name, tag]));
    const old = new Map(DIFFERENCES['FIX.4.2'].fields.map(({ name, tag }) => [name, tag]));
    for (const [name, tag] of Object.entries(TAG)) {
      expect(tag, name).to.equal(fixparser.Fields[name] ?? own.get(name) ?? old.get(name));
    }
    for (const [name, msgType] of Object.entries(MSG_TYPE)) {
      expect(msgType, name).to.equal(fixparser.Messages[name]);
    }
  });
});
