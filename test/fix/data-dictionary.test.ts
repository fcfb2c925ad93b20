import { expect } from 'chai';
import { dataDictionary } from '../../src/fix/data-dictionary.ts';
import { dataTagOf, enumValues, fieldNameIn, fieldTag } from '../../src/fix/dictionary.ts';
import type { FieldRule } from '../../src/fix/messages/field-rules.ts';
import { rulesOf } from '../../src/fix/rules.ts';
import type { DictionaryVersion, FixVersion } from '../../src/fix/version.ts';
import {
  childOf,
  type Element,
  type LaidOutField,
  parseXml,
  quickfixMessages,
} from '../support/message-documents.ts';

const VERSIONS: readonly (readonly [DictionaryVersion, FixVersion, string])[] = [
  ['FIX.4.2', 'FIX.4.2', 'FIX 4 2 0'],
  ['FIX.4.4', 'FIX.4.4', 'FIX 4 4 0'],
  ['FIXT.1.1', 'FIX.5.0SP2', 'FIXT 1 1 0'],
  ['FIX.5.0SP2', 'FIX.5.0SP2', 'FIX 5 0 2'],
];
const SESSION_MSG_TYPES = ['A', '0', '1', '2', '3', '4', '5'];

function laidOut(fields: readonly FieldRule[]): LaidOutField[] {
  return fields.map(({ tag, presence, members }) => ({
    tag,
    isRequired: presence.type === 'required',
    members: members === undefined ? undefined : laidOut(members),
  }));
}

for (const [version, spoken, root] of VERSIONS) {
  describe(`the data dictionary of ${version}`, () => {
    const xml = dataDictionary(version);
    const element = parseXml(xml);
    const messages = quickfixMessages(xml);
    const rules = rulesOf(spoken);
    const definitions = new Map<number, Element>(
      childOf(element, 'fields').children.map((one) => [Number(one.attributes.get('number')), one]),
    );

    it('says which version it is of, in the order that engines read', () => {
      const { attributes } = element;
      const said = ['type', 'major', 'minor', 'servicepack'].map((name) => attributes.get(name));
      expect(said.join(' ')).to.equal(root);
      expect(element.children.map(({ kind }) => kind)).to.deep.equal([
        'header',
        'messages',
        'trailer',
        'components',
        'fields',
      ]);
    });

    it('has the messages of the rules, as they are there', () => {
      const listed = childOf(element, 'messages').children.map(
        ({ attributes }) => attributes.get('msgtype')!,
      );
      const expected = [...rules.messages.keys()].filter((msgType) => {
        const isSession = SESSION_MSG_TYPES.includes(msgType);
        return version === 'FIXT.1.1' ? isSession : version === 'FIX.5.0SP2' ? !isSession : true;
      });
      expect(listed).to.deep.equal(expected);
      for (const msgType of listed) {
        expect(messages(msgType), msgType).to.deep.equal(laidOut(rules.messages.get(msgType)!.fields));
      }
    });

    it('has the header and the trailer where the transport is', () => {
      const isApplicationOnly = version === 'FIX.5.0SP2';
      expect(messages('header')).to.deep.equal(isApplicationOnly ? [] : laidOut(rules.header));
      expect(messages('trailer')).to.deep.equal(isApplicationOnly ? [] : laidOut(rules.trailer));
    });

    it('defines each field once, with the values of the version', () => {
      expect(definitions.size).to.equal(childOf(element, 'fields').children.length);
      for (const [tag, { attributes, children }] of definitions) {
        expect(attributes.get('name'), `${tag}`).to.equal(fieldNameIn(spoken, tag));
        if (tag === fieldTag('MsgType')) continue;
        const values = children.map((child) => unescaped(child.attributes.get('enum')!));
        expect(values, `${tag}`).to.deep.equal([...(enumValues(spoken, tag) ?? [])]);
        for (const child of children) expect(child.attributes.get('description')).to.match(/^[A-Z\d_]+$/);
      }
    });

    it('types every data field as DATA, behind a LENGTH with the tag before it', () => {
      const pairs = [...definitions.keys()].flatMap((tag) => {
        const dataTag = dataTagOf(tag);
        return dataTag === undefined ? [] : [[tag, dataTag] as const];
      });
      expect(pairs.length).to.be.greaterThan(2);
      for (const [lengthTag, dataTag] of pairs) {
        expect(definitions.get(lengthTag)?.attributes.get('type'), `${lengthTag}`).to.equal('LENGTH');
        expect(definitions.get(dataTag)?.attributes.get('type'), `${dataTag}`).to.equal('DATA');
      }
      const dataFields = [...definitions].filter(([, one]) => one.attributes.get('type') === 'DATA');
      expect(dataFields.map(([tag]) => tag)).to.have.members(pairs.map(([, dataTag]) => dataTag));
    });
  });
}

function unescaped(text: string): string {
  return text
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
