import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { HEADER, TRAILER } from '../../src/fix/messages/blocks.ts';
import type { FieldRule } from '../../src/fix/messages/field-rules.ts';
import { MESSAGE_RULES } from '../../src/fix/rules.ts';

const packageJson = createRequire(import.meta.url).resolve('jspurefix/package.json');
const XML = readFileSync(packageJson.replace('package.json', 'data/FIX44.xml'), 'utf8');

/** The element's content, from its opening tag to its closing one; nested elements of its kind do not occur. */
function elementOf(kind: string, name: string): string {
  const opening = new RegExp(`<${kind} name='${name}'[^>/]*>`).exec(XML);
  if (opening === null) throw new Error(`no ${kind} ${name}`);
  return XML.slice(opening.index, XML.indexOf(`</${kind}>`, opening.index));
}

/** Names of all fields inside an element of the independent dictionary, those of its components included. */
function independentNames(element: string): string[] {
  return [...element.matchAll(/<(field|group|component) name='(\w+)'/g)].flatMap(([whole, kind, name]) => {
    if (kind !== 'component') return [name!];
    return element.startsWith(whole) ? [] : independentNames(elementOf('component', name!));
  });
}

function namesOf(rules: readonly FieldRule[]): string[] {
  return rules.flatMap((rule) => [rule.name, ...(rule.members === undefined ? [] : namesOf(rule.members))]);
}

const FROM_MEMBER = [...MESSAGE_RULES.values()].filter((rule) => rule.direction !== 'fromVenue');

describe('the message rules', () => {
  for (const rule of FROM_MEMBER) {
    it(`give ${rule.name} the fields that FIX.4.4 gives it, each once`, () => {
      const theirs = [...new Set(independentNames(elementOf('message', rule.name)))];
      expect(namesOf(rule.fields)).to.have.members(theirs);
      expect(namesOf(rule.fields)).to.have.length(theirs.length);
    });
  }

  for (const rule of MESSAGE_RULES.values()) {
    it(`require in ${rule.name} all that FIX.4.4 requires`, () => {
      const element = elementOf('message', rule.name);
      const theirs = [...element.matchAll(/<field name='(\w+)' required='Y'/g)].map((match) => match[1]!);
      const ours = rule.fields
        .filter((field) => field.presence.type === 'required')
        .map((field) => field.name);
      expect(ours).to.include.members(theirs);
    });
  }

  it('send only what FIX.4.4 defines for the message', () => {
    for (const rule of MESSAGE_RULES.values()) {
      expect(independentNames(elementOf('message', rule.name))).to.include.members(namesOf(rule.fields));
    }
  });

  it('have the header and the trailer of FIX.4.4', () => {
    const header = XML.slice(XML.indexOf('<header>'), XML.indexOf('</header>'));
    const trailer = XML.slice(XML.indexOf('<trailer>'), XML.indexOf('</trailer>'));
    expect(namesOf(HEADER)).to.have.members(independentNames(header));
    expect(namesOf(TRAILER)).to.have.members(independentNames(trailer));
  });
});
