/**
 * Data dictionaries that fixparser has no part in, as jspurefix's package brings them: files in QuickFIX's format,
 * and the FIX repository's own files, one folder a version.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A field as a document has it; its type in the document's own spelling. */
export interface DocumentField {
  readonly name: string;
  readonly type: string;
  readonly values: readonly string[];
}

export interface FixDocument {
  readonly fields: ReadonlyMap<number, DocumentField>;
  readonly msgTypes: readonly string[];
}

function read(file: string): string {
  const packageJson = createRequire(import.meta.url).resolve('jspurefix/package.json');
  return readFileSync(packageJson.replace('package.json', `data/${file}`), 'utf8');
}

/** A dictionary in QuickFIX's format, `FIX42.xml`. */
export function quickfixDocument(file: string): FixDocument {
  const xml = read(file);
  const fields = new Map<number, DocumentField>();
  const section = xml.slice(xml.lastIndexOf('<fields>'));
  for (const [, tag, name, type, rest] of section.matchAll(
    /<field number=['"](\d+)['"] name=['"](\w+)['"] type=['"](\w+)['"]\s*(\/>|>[\s\S]*?<\/field>)/g,
  )) {
    const values = [...rest!.matchAll(/<value enum=['"]([^'"]+)['"]/g)].map((match) => match[1]!);
    fields.set(Number(tag), { name: name!, type: type!, values });
  }
  const msgTypes = [...xml.matchAll(/<message [^>]*msgtype=['"](\w+)['"]/g)].map((match) => match[1]!);
  return { fields, msgTypes };
}

/** The FIX repository's files of one version, `FIX.4.2`. */
export function repositoryDocument(version: string): FixDocument {
  const values = new Map<string, string[]>();
  for (const entry of entries(version, 'Enum')) {
    const tag = entry('Tag');
    values.set(tag, [...(values.get(tag) ?? []), entry('Value')]);
  }
  const fields = new Map<number, DocumentField>();
  for (const entry of entries(version, 'Field')) {
    const tag = entry('Tag');
    fields.set(Number(tag), { name: entry('Name'), type: entry('Type'), values: values.get(tag) ?? [] });
  }
  return { fields, msgTypes: entries(version, 'Message').map((entry) => entry('MsgType')) };
}

/** Tags and MsgTypes (35) of the session layer as the repository of FIX.5.0SP2 has it: that is FIXT.1.1. */
export function sessionLayerOf50SP2(): { readonly tags: ReadonlySet<number>; readonly msgTypes: string[] } {
  const version = 'FIX.5.0SP2';
  const contents = entries(version, 'MsgContent').map((entry) => [entry('ComponentID'), entry('TagText')]);
  const idOf = new Map(entries(version, 'Component').map((entry) => [entry('Name'), entry('ComponentID')]));
  const messages = entries(version, 'Message').filter((entry) => entry('SectionID') === 'Session');
  const tags = new Set<number>();
  const collect = (componentId: string): void => {
    for (const [owner, text] of contents) {
      if (owner !== componentId) continue;
      if (/^\d+$/.test(text!)) tags.add(Number(text));
      else collect(idOf.get(text!)!);
    }
  };
  for (const message of messages) collect(message('ComponentID'));
  return { tags, msgTypes: messages.map((message) => message('MsgType')) };
}

/** Every `<Name>…</Name>` of the file that holds them, as a function from the name of an element to its text. */
function entries(version: string, name: string): ((element: string) => string)[] {
  const xml = read(`fix_repo/${version}/Base/${name}s.xml`);
  return [...xml.matchAll(new RegExp(`<${name}\\b[^>]*>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, body]) =>
      (element) =>
        new RegExp(`<${element}>([^<]*)</${element}>`).exec(body!)?.[1]?.trim() ?? '',
  );
}
