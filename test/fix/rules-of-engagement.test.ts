import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fieldTag } from '../../src/fix/dictionary.ts';
import { FIELD_NOTES } from '../../src/fix/engagement-notes.ts';
import type { FieldRule } from '../../src/fix/messages/field-rules.ts';
import { HEADER, MESSAGE_RULES, TRAILER } from '../../src/fix/rules.ts';
import { rulesOfEngagement } from '../../src/fix/rules-of-engagement.ts';

const FILE = new URL('../../docs/RULES-OF-ENGAGEMENT.md', import.meta.url);

function allFields(fields: readonly FieldRule[]): FieldRule[] {
  return fields.flatMap((field) => [field, ...allFields(field.members ?? [])]);
}

const PARTS = new Map<string, readonly FieldRule[]>([
  ['Header', HEADER],
  ['Trailer', TRAILER],
  ...[...MESSAGE_RULES.values()].map(({ name, fields }): [string, readonly FieldRule[]] => [name, fields]),
]);

describe('the rules of engagement', () => {
  it('in docs/ are those of the declared messages (UPDATE_DOCS=1 writes them)', () => {
    const { UPDATE_DOCS } = process.env;
    if (UPDATE_DOCS === '1') writeFileSync(FILE, rulesOfEngagement());
    expect(readFileSync(FILE, 'utf8')).to.equal(rulesOfEngagement());
  });

  it('have every message, and every field of it', () => {
    const sections = rulesOfEngagement().split('\n### ');
    for (const [part, fields] of PARTS) {
      const section = sections.find((one) => one.startsWith(`${part} (`) || one.startsWith(`${part},`));
      expect(section, part).to.not.equal(undefined);
      for (const { name, tag } of allFields(fields)) {
        const isThere = section!.includes(`${name}(${tag})`) || section!.includes(`| ${tag} | `);
        expect(isThere, `${part} ${name}`).to.equal(true);
      }
    }
  });

  it('note only fields that the message has', () => {
    for (const [part, notes] of Object.entries(FIELD_NOTES)) {
      const tags = allFields(PARTS.get(part)!).map((field) => field.tag);
      for (const name of Object.keys(notes)) expect(tags, `${part} ${name}`).to.include(fieldTag(name));
    }
  });
});
