/**
 * What the fuzzer does to valid conversations. Half of the damage is sealed again with a right length and checksum,
 * so that it reaches the session and the validator and not the framer alone.
 */
import { fieldsOf, resealed, SOH, unsealed } from './fuzz-frames.ts';
import type { Random } from './random.ts';

/** What a mutation works with besides the frames. */
export interface MutationKit {
  readonly random: Random;
  /** Frames of other conversations: of other members and versions, and of the venue. */
  foreignFrames(): readonly string[];
}

/** Changes the frames in place: each entry is a stretch of the stream, at first one message. */
export type Mutation = (frames: string[], kit: MutationKit) => void;

const NASTY_VALUES: readonly string[] = [
  '',
  '0',
  '-1',
  '1',
  '00000000000000000001',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  '1e9',
  '+1',
  '1.',
  '.5',
  '-0',
  'NaN',
  'Y',
  'N',
  'YES',
  ' ',
  '=',
  '\x00',
  '\xff\xfe',
  '20261399-25:61:61.999',
  '20260229-00:00:00',
  '19700101-00:00:00',
  '99991231-23:59:59.999999999999',
  'ONEBOOK',
  '__proto__',
  'A'.repeat(600),
  'B'.repeat(5_000),
  '8=FIX.4.4',
  '10=000',
];
const KNOWN_TAGS: readonly number[] = [
  1, 2, 4, 7, 8, 9, 10, 11, 16, 34, 35, 36, 38, 40, 41, 43, 44, 45, 49, 50, 52, 54, 55, 56, 58, 59, 60, 89,
  90, 91, 93, 95, 96, 97, 98, 108, 112, 115, 116, 122, 123, 128, 129, 141, 144, 145, 212, 213, 354, 355, 372,
  373, 384, 447, 448, 452, 453, 553, 554, 627, 628, 789, 802, 1128, 1137, 5000, 8013, 8014, 99_999,
];
const ODD_TAGS: readonly string[] = [
  '0',
  '-1',
  '',
  '01',
  'x',
  '1.5',
  '2147483648',
  '99999999999',
  ' 11',
  '__proto__',
];
const MSG_TYPES = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '8',
  '9',
  'A',
  'D',
  'F',
  'G',
  'j',
  'B',
  'V',
  'q',
  'AE',
  '',
  'a\x00',
];
/** What other programs say first. */
const FOREIGN_PROTOCOLS: readonly string[] = [
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'PROXY TCP4 10.0.0.1 10.0.0.2 40000 9001\r\n',
  '\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x0a\x00\x00\x01\x0a\x00\x00\x02\x9c\x40\x23\x29',
  'SSH-2.0-OpenSSH_9.6\r\n',
  '\x00\x00\x00\x2a',
];
const RUNS = ['\x00', '\xff', SOH, '8', '=', '8=FIX', '10=000', 'A'];

const BODY_LENGTH = /(?<=^8=.{8,9})9=\d+/;
const CHECK_SUM = /10=\d{3}(?=.$)/;

/** By name, so that a failure tells what was done. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBit: onBytes((text, { random }) => {
    const at = random.integer(0, text.length - 1);
    const flipped = text.charCodeAt(at) ^ (1 << random.integer(0, 7));
    return text.slice(0, at) + String.fromCharCode(flipped) + text.slice(at + 1);
  }),
  insertBytes: onBytes((text, { random }) => {
    const at = random.integer(0, text.length);
    const count = random.integer(1, 4);
    const bytes = Array.from({ length: count }, () => String.fromCharCode(random.integer(0, 255)));
    return text.slice(0, at) + bytes.join('') + text.slice(at);
  }),
  deleteBytes: onBytes((text, { random }) => {
    const at = random.integer(0, text.length - 1);
    return text.slice(0, at) + text.slice(at + random.integer(1, 12));
  }),
  repeatBytes: onBytes((text, { random }) => {
    const at = random.integer(0, text.length - 1);
    const piece = text.slice(at, at + random.integer(1, 40));
    return text.slice(0, at) + piece.repeat(random.integer(2, 5)) + text.slice(at + piece.length);
  }),
  insertRun: onBytes((text, { random }) => {
    const at = random.integer(0, text.length);
    return text.slice(0, at) + random.pick(RUNS).repeat(random.integer(1, 300)) + text.slice(at);
  }),
  swapFields: onFields((fields, { random }) => {
    const [a, b] = [random.integer(0, fields.length - 1), random.integer(0, fields.length - 1)];
    [fields[a], fields[b]] = [fields[b] as string, fields[a] as string];
  }),
  dropField: onFields((fields, { random }) => {
    fields.splice(random.integer(0, fields.length - 1), 1);
  }),
  repeatField: onFields((fields, { random }) => {
    const field = random.pick(fields);
    fields.splice(random.integer(0, fields.length), 0, ...Array(random.integer(1, 3)).fill(field));
  }),
  manyFields: onFields((fields, { random }) => {
    const field = `${random.pick(KNOWN_TAGS)}=${random.integer(0, 9)}`;
    fields.splice(fields.length - 1, 0, ...Array(random.integer(50, 600)).fill(field));
  }),
  changeTag: onFields((fields, { random }) => {
    const at = random.integer(0, fields.length - 1);
    fields[at] = `${anyTag(random)}=${valueIn(fields[at] as string)}`;
  }),
  insertField: onFields((fields, { random }) => {
    fields.splice(random.integer(0, fields.length), 0, `${anyTag(random)}=${random.pick(NASTY_VALUES)}`);
  }),
  changeValue: onFields((fields, { random }) => {
    const at = random.integer(0, fields.length - 1);
    fields[at] = `${tagIn(fields[at] as string)}=${random.pick(NASTY_VALUES)}`;
  }),
  changeNumber: onFields((fields, { random }) => {
    const at = fields.findIndex((field) => /^(34|36|7|16|789|45|108|8014)=/.test(field));
    if (at < 0) return;
    const old = Number(valueIn(fields[at] as string));
    const changed = random.pick([old + 1, old - 1, old + 3, old * 10, 0, 1, 2, Number.MAX_SAFE_INTEGER]);
    fields[at] = `${tagIn(fields[at] as string)}=${changed}`;
  }),
  changeMsgType: onFields((fields, { random }) => {
    fields[2] = `35=${random.pick(MSG_TYPES)}`;
  }),
  addPossDup: onFields((fields, { random }) => {
    fields.splice(random.pick([3, 6]), 0, '43=Y');
    if (random.chance(0.7)) fields.splice(4, 0, `122=${valueIn(fields[7] ?? '')}`);
  }),
  noEquals: onFields((fields, { random }) => {
    const at = random.integer(0, fields.length - 1);
    fields[at] = (fields[at] as string).replace('=', random.pick(['', '==', ' = ', '\x00=']));
  }),
  wrongLength: (frames, { random }) => {
    const wrong = [
      '-1',
      '',
      '0',
      '4',
      '5',
      '7',
      '70000',
      '999999999',
      '18446744073709551616',
      '0000100',
      'abc',
      '1e3',
    ];
    change(frames, random, (frame) => frame.replace(BODY_LENGTH, `9=${random.pick(wrong)}`));
  },
  wrongCheckSum: (frames, { random }) => {
    const wrong = ['000', '256', '999', '12', '1234', '', 'abc', '-01', ' 12'];
    change(frames, random, (frame) => frame.replace(CHECK_SUM, `10=${random.pick(wrong)}`));
  },
  dropFrame: (frames, { random }) => {
    frames.splice(random.integer(0, frames.length - 1), 1);
  },
  repeatFrame: (frames, { random }) => {
    const frame = random.pick(frames);
    frames.splice(random.integer(0, frames.length), 0, ...Array(random.integer(1, 6)).fill(frame));
  },
  swapFrames: (frames, { random }) => {
    const [a, b] = [random.integer(0, frames.length - 1), random.integer(0, frames.length - 1)];
    [frames[a], frames[b]] = [frames[b] as string, frames[a] as string];
  },
  spliceFrame: (frames, { random, foreignFrames }) => {
    frames.splice(random.integer(0, frames.length), 0, random.pick(foreignFrames()));
  },
  spliceInside: (frames, { random, foreignFrames }) => {
    change(frames, random, (frame) => {
      const at = random.integer(0, frame.length);
      return frame.slice(0, at) + random.pick(foreignFrames()) + frame.slice(at);
    });
  },
  appendConversation: (frames, { foreignFrames }) => {
    frames.push(...foreignFrames());
  },
  repeatConversation: (frames) => {
    frames.push(...frames);
  },
  speakAnotherProtocol: (frames, { random }) => {
    frames.splice(
      random.chance(0.7) ? 0 : random.integer(0, frames.length),
      0,
      random.pick(FOREIGN_PROTOCOLS),
    );
  },
  truncate: (frames, { random }) => {
    const at = random.integer(0, frames.length - 1);
    const frame = frames[at] as string;
    frames.splice(at, frames.length, frame.slice(0, random.integer(0, frame.length)));
  },
  halfFrame: (frames, { random }) => {
    change(frames, random, (frame) => frame.slice(0, random.integer(0, frame.length)));
  },
};

/** Does one to four random mutations to the frames; returns their names. */
export function mutate(frames: string[], kit: MutationKit): string[] {
  const { random } = kit;
  const names = Object.keys(MUTATIONS);
  const count = random.pick([1, 1, 1, 2, 2, 3, 4]);
  const done: string[] = [];
  for (let i = 0; i < count && frames.length > 0; i += 1) {
    const name = random.pick(names);
    MUTATIONS[name]?.(frames, kit);
    done.push(name);
  }
  return done;
}

function change(frames: string[], random: Random, how: (frame: string) => string): void {
  // The Logon is spared half of the time: behind a broken one there is not much to find.
  const first = frames.length > 1 && random.chance(0.5) ? 1 : 0;
  const at = random.integer(first, frames.length - 1);
  frames[at] = how(frames[at] as string);
}

/** A mutation of some bytes of one frame. */
function onBytes(how: (text: string, kit: MutationKit) => string): Mutation {
  return (frames, kit) => {
    change(frames, kit.random, (frame) => {
      if (frame === '') return frame;
      const changed = how(frame, kit);
      return kit.random.chance(0.5) ? resealed(changed) : changed;
    });
  };
}

/** A mutation of the fields of one frame, the ones that frame it included. */
function onFields(how: (fields: string[], kit: MutationKit) => void): Mutation {
  return (frames, kit) => {
    change(frames, kit.random, (frame) => {
      const fields = fieldsOf(frame);
      if (fields.length < 4) return frame;
      how(fields, kit);
      const changed = unsealed(fields);
      return kit.random.chance(0.85) ? resealed(changed) : changed;
    });
  };
}

function anyTag(random: Random): number | string {
  if (random.chance(0.2)) return random.pick(ODD_TAGS);
  return random.chance(0.3) ? random.integer(1, 2_000) : random.pick(KNOWN_TAGS);
}

function tagIn(field: string): string {
  return field.slice(0, Math.max(0, field.indexOf('=')));
}

function valueIn(field: string): string {
  return field.slice(field.indexOf('=') + 1);
}
