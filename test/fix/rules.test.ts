import { expect } from 'chai';
import { fieldName, fieldNameIn, fieldTag, isFieldOf } from '../../src/fix/dictionary.ts';
import { type FieldRule, fieldsIn } from '../../src/fix/messages/field-rules.ts';
import { MESSAGE_RULES, rulesOf } from '../../src/fix/rules.ts';
import { isVenueField, VENUE_FIELDS, type VenueField } from '../../src/fix/venue-fields.ts';
import { FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { type LaidOutField, messageDocument } from '../support/message-documents.ts';

/** Tags of all fields, those of groups as `group.member`. */
function tagsIn(fields: readonly (FieldRule | LaidOutField)[], prefix = ''): string[] {
  return fields.flatMap(({ tag, members }) => [
    `${prefix}${tag}`,
    ...(members === undefined ? [] : tagsIn(members, `${prefix}${tag}.`)),
  ]);
}

/** Members of each group in their order. */
function groupsIn(fields: readonly (FieldRule | LaidOutField)[]): Map<number, readonly number[]> {
  const groups = new Map<number, readonly number[]>();
  for (const { tag, members } of fields) {
    if (members === undefined) continue;
    groups.set(
      tag,
      members.map((member) => member.tag),
    );
    for (const [inner, order] of groupsIn(members)) groups.set(inner, order);
  }
  return groups;
}

/** Beyond what FIX has in the message. */
function venueTags(version: FixVersion, msgType: string): string[] {
  const fields: readonly VenueField[] = VENUE_FIELDS;
  return fields
    .filter(({ tag, messages }) => isVenueField(version, tag) && messages.includes(msgType))
    .map(({ tag }) => `${tag}`);
}

for (const version of FIX_VERSIONS) {
  const theirs = messageDocument(version);
  const { header, trailer, messages } = rulesOf(version);

  describe(`the rules of ${version}`, () => {
    for (const [msgType, rule] of messages) {
      if (rule.direction === 'fromVenue') {
        it(`send in ${rule.name} only what FIX gives it`, () => {
          const theirTags = tagsIn(theirs(msgType));
          const groups = rule.fields.filter((field) => field.members !== undefined);
          const venueTagsAnywhere = venueTags(version, msgType).flatMap((tag) => [
            tag,
            ...groups.map((group) => `${group.tag}.${tag}`),
          ]);
          expect([...theirTags, ...venueTagsAnywhere]).to.include.members(tagsIn(rule.fields));
        });
      } else {
        it(`give ${rule.name} the fields that FIX gives it, each once`, () => {
          const expected = [...tagsIn(theirs(msgType)), ...venueTags(version, msgType)];
          expect(tagsIn(rule.fields).sort()).to.deep.equal(expected.sort());
        });

        it(`have the groups of ${rule.name} in FIX's order`, () => {
          expect(groupsIn(rule.fields)).to.deep.equal(groupsIn(theirs(msgType)));
        });
      }

      it(`require in ${rule.name} all that FIX requires`, () => {
        const needed = rule.fields.filter((field) => field.presence.type === 'required');
        const required = theirs(msgType).filter((field) => field.isRequired && field.members === undefined);
        expect(tagsIn(needed)).to.include.members(tagsIn(required));
      });
    }

    it('have the header and the trailer of FIX', () => {
      expect(tagsIn(header).sort()).to.deep.equal(tagsIn(theirs('header')).sort());
      expect(tagsIn(trailer).sort()).to.deep.equal(tagsIn(theirs('trailer')).sort());
    });

    it('name only fields that the version or the venue defines', () => {
      for (const { fields } of messages.values()) {
        for (const path of tagsIn([...header, ...fields, ...trailer])) {
          const tag = Number(path.split('.').at(-1));
          expect(isFieldOf(version, tag) || isVenueField(version, tag), `${tag}`).to.equal(true);
        }
      }
    });
  });
}

describe('a field rule', () => {
  it('has one presence in each version of its message', () => {
    for (const { name, fields } of MESSAGE_RULES.values()) {
      for (const version of FIX_VERSIONS) {
        const names = fieldsIn(version, fields).map((field) => field.name);
        expect(new Set(names).size, `${name} of ${version}`).to.equal(names.length);
      }
    }
  });

  it('goes by the newest name and is shown by that of its version', () => {
    expect(fieldName(fieldTag('LastQty'))).to.equal('LastQty');
    expect(fieldNameIn('FIX.4.2', fieldTag('LastQty'))).to.equal('LastShares');
  });
});
