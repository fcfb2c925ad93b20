/**
 * What bench/codec.ts compares: which codecs, and on what. A codec is loaded only where it takes its turn: some
 * packages change the language's own objects when they are loaded, and slow the others down.
 */
import type { EncodeContender, ParseContender } from './codec-contender.ts';
import { reportsInput, streamInput } from './codec-input.ts';
import type { Contestant } from './contest.ts';

/** One comparison. The first contestant is Onebook. */
export interface CodecContest {
  readonly title: string;
  /** Each makes a contestant for the messages of a seed. */
  readonly contestants: readonly ((seed: number) => Promise<Contestant>)[];
}

const MESSAGE_COUNT = 5_000;
/** What takes half a millisecond a message is measured on fewer of them. */
const SLOW_MESSAGE_COUNT = 50;

const onebook = () => import('./codec-contender.ts');
const fixparser = () => import('./codec-fixparser.ts');
const jspurefix = () => import('./codec-jspurefix.ts').then((module) => module.jspurefixContenders());

export const CODEC_CONTESTS: readonly CodecContest[] = [
  {
    title: 'parse: D, F, G and 0, from socket reads to order fields',
    contestants: [
      async (seed) => parseContestant((await onebook()).onebookParse, MESSAGE_COUNT, seed),
      async (seed) => parseContestant((await fixparser()).fixparserParse, MESSAGE_COUNT, seed),
      async (seed) => parseContestant((await fixparser()).fixparserStream, MESSAGE_COUNT, seed),
      async (seed) => parseContestant((await fixparser()).fixparserValidate, SLOW_MESSAGE_COUNT, seed),
      async (seed) => parseContestant((await jspurefix()).parse, MESSAGE_COUNT, seed),
      async (seed) => parseContestant((await jspurefix()).checkedParse, MESSAGE_COUNT, seed),
    ],
  },
  {
    title: 'encode: ExecutionReports, from values to bytes',
    contestants: [
      async (seed) => encodeContestant((await onebook()).onebookEncode, seed),
      async (seed) => encodeContestant((await fixparser()).fixparserEncode, seed),
      async (seed) => encodeContestant((await jspurefix()).encode, seed),
    ],
  },
];

function parseContestant(contender: ParseContender, messageCount: number, seed: number): Contestant {
  const input = streamInput(messageCount, seed);
  const { name, does } = contender;
  const run = (): number => {
    let count = 0;
    contender.parse(input, () => {
      count += 1;
    });
    return count;
  };
  return { name, does, expectedCount: messageCount, run };
}

function encodeContestant(contender: EncodeContender, seed: number): Contestant {
  const reports = reportsInput(MESSAGE_COUNT, seed);
  const { name, does } = contender;
  const run = (): number => {
    let count = 0;
    contender.encode(reports, () => {
      count += 1;
    });
    return count;
  };
  return { name, does, expectedCount: MESSAGE_COUNT, run };
}
