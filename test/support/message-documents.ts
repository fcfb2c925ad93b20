/**
 * How documents that fixparser has no part in lay out messages: QuickFIX's format for FIX.4.2 and FIX.4.4, the FIX
 * repository's files for FIX.5.0SP2. Both come with jspurefix's package.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FixVersion } from '../../src/fix/version.ts';

/** A field of a message; `members` are those of a repeating group. */
export interface LaidOutField {
  readonly tag: number;
  readonly isRequired: boolean;
  readonly members: readonly LaidOutField[] | undefined;
}

/** One version's messages: `header`, `trailer`, or a MsgType (35). */
export type MessageDocument = (part: string) => readonly LaidOutField[];

function read(file: string): string {
  const packageJson = createRequire(import.meta.url).resolve('jspurefix/package.json');
  return readFileSync(packageJson.replace('package.json', `data/${file}`), 'utf8');
}

/** The document that a version's rules are compared with. */
export function messageDocument(version: FixVersion): MessageDocument {
  switch (version) {
    case 'FIX.4.2':
      return quickfixMessages(read('FIX42.xml'));
    case 'FIX.4.4':
      return quickfixMessages(read('FIX44.xml'));
    case 'FIX.5.0SP2':
      return repositoryMessages('FIX.5.0SP2');
  }
}

/** An XML element: attributes and children, no text. */
export interface Element {
  readonly kind: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
}

/** Reads XML as dictionaries are written: elements and attributes. Throws when tags do not match. */
export function parseXml(xml: string): Element {
  const root = { kind: '', attributes: new Map<string, string>(), children: [] as Element[] };
  const stack = [root];
  for (const [, slash, kind, attributes, empty] of xml.matchAll(
    /<(\/?)(\w+)((?:[^>'"]|'[^']*'|"[^"]*")*?)(\/?)>/g,
  )) {
    if (slash === '/') {
      if (stack.pop()?.kind !== kind) throw new Error(`</${kind}> closes nothing`);
      continue;
    }
    const pairs = [...attributes!.matchAll(/(\w+)=(?:'([^']*)'|"([^"]*)")/g)];
    const element = {
      kind: kind!,
      attributes: new Map(pairs.map(([, name, single, double]) => [name!, single ?? double ?? ''])),
      children: [] as Element[],
    };
    stack.at(-1)!.children.push(element);
    if (empty !== '/') stack.push(element);
  }
  if (stack.length !== 1) throw new Error(`<${stack.at(-1)!.kind}> is not closed`);
  return root.children[0]!;
}

/** The first child of that kind. */
export function childOf(element: Element, kind: string): Element {
  const child = element.children.find((one) => one.kind === kind);
  if (child === undefined) throw new Error(`no <${kind}>`);
  return child;
}

/** Messages of a dictionary in QuickFIX's format. */
export function quickfixMessages(xml: string): MessageDocument {
  const root = parseXml(xml);
  const nameOf = (element: Element): string => element.attributes.get('name')!;
  const components = new Map(childOf(root, 'components').children.map((one) => [nameOf(one), one]));
  const tags = new Map(
    childOf(root, 'fields').children.map((one) => [nameOf(one), Number(one.attributes.get('number'))]),
  );
  const layOut = (element: Element): LaidOutField[] =>
    element.children.flatMap((child) => {
      if (child.kind === 'component') return layOut(components.get(nameOf(child))!);
      const tag = tags.get(nameOf(child));
      if (tag === undefined) throw new Error(`${nameOf(child)} is not defined`);
      const isRequired = child.attributes.get('required') === 'Y';
      return [{ tag, isRequired, members: child.kind === 'group' ? layOut(child) : undefined }];
    });
  const messages = new Map(
    childOf(root, 'messages').children.map((one) => [one.attributes.get('msgtype')!, layOut(one)]),
  );
  return (part) =>
    part === 'header' || part === 'trailer' ? layOut(childOf(root, part)) : (messages.get(part) ?? []);
}

interface Content {
  readonly owner: string;
  readonly text: string;
  readonly indent: number;
  readonly position: number;
  readonly isRequired: boolean;
}

function repositoryMessages(version: string): MessageDocument {
  const rows = (name: string): ((element: string) => string)[] =>
    [
      ...read(`fix_repo/${version}/Base/${name}s.xml`).matchAll(
        new RegExp(`<${name}\\b[^>]*>([\\s\\S]*?)</${name}>`, 'g'),
      ),
    ].map(
      ([, body]) =>
        (element) =>
          new RegExp(`<${element}>([^<]*)</${element}>`).exec(body!)?.[1]?.trim() ?? '',
    );
  const componentIds = new Map(rows('Component').map((row) => [row('Name'), row('ComponentID')]));
  const messageIds = new Map(rows('Message').map((row) => [row('MsgType'), row('ComponentID')]));
  const contents: Content[] = rows('MsgContent')
    .map((row) => ({
      owner: row('ComponentID'),
      text: row('TagText'),
      indent: Number(row('Indent')),
      position: Number(row('Position')),
      isRequired: row('Reqd') === '1',
    }))
    .sort((a, b) => a.position - b.position);
  /** What stands deeper than a field is its group. */
  const layOut = (id: string): LaidOutField[] => {
    const top: LaidOutField[] = [];
    let members: LaidOutField[] = [];
    for (const { text, indent, isRequired } of contents.filter(({ owner }) => owner === id)) {
      const isWrapper = text === 'StandardHeader' || text === 'StandardTrailer';
      if (isWrapper && id !== componentIds.get(text)) continue;
      const fields: LaidOutField[] = /^\d+$/.test(text)
        ? [{ tag: Number(text), isRequired, members: undefined }]
        : layOut(componentIds.get(text)!);
      if (indent === 0) {
        members = [];
        top.push(...fields);
        continue;
      }
      members.push(...fields);
      const last = top.pop()!;
      top.push({ ...last, members });
    }
    return top;
  };
  return (part) => {
    if (part === 'header') return layOut(componentIds.get('StandardHeader')!);
    if (part === 'trailer') return layOut(componentIds.get('StandardTrailer')!);
    return layOut(messageIds.get(part)!);
  };
}
