/**
 * One case of the fuzzer, made from the seed and its number alone: what the store has kept of the member, what it
 * sends over which connections and how they end, and how the rest of the venue behaves meanwhile.
 */
import type { StoredMessages } from '../../src/actors/ports.ts';
import { DEFAULT_MEMBER_SETTINGS, type MemberSettings } from '../../src/fix/member-settings.ts';
import { reportMsgType, writeReport } from '../../src/fix/report-messages.ts';
import { beginStringOf, FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import { type Conversation, conversation, type Speaker, VENUE } from './fuzz-conversations.ts';
import { cutAtRandom, shown } from './fuzz-frames.ts';
import { FuzzLedger } from './fuzz-ledger.ts';
import { mutate } from './fuzz-mutations.ts';
import { newReport } from './new-report.ts';
import { type Random, randomFrom } from './random.ts';

/** What the store has kept of a member from earlier sessions. */
export interface History {
  readonly nextInSeqNum: number;
  readonly nextOutSeqNum: number;
  readonly reservedOutSeqNum: number;
  readonly isClean: boolean;
  readonly messages: readonly StoredMessages[];
  readonly undelivered: readonly Report[];
}

/** What is sent over one connection. */
export interface FuzzStream {
  readonly chunks: readonly Buffer[];
  /** Each chunk waits until the venue has nothing left to do; otherwise they come as fast as they are read. */
  readonly isPolite: boolean;
  /** `cut`: closed right behind the last byte; `hangUp`: closed when all is answered; `stay`: left open, silent. */
  readonly ending: 'cut' | 'hangUp' | 'stay';
  /** The member does not read what the venue writes. */
  readonly isDeaf: boolean;
}

/** How the rest of the venue behaves towards the member of a case. */
export interface Surroundings {
  readonly settings: MemberSettings;
  /** When the exchange answers orders: at once, when everything is sent, or when the connection is gone. */
  readonly answers: 'prompt' | 'late' | 'afterwards';
  /** How many of its answers refuse. */
  readonly refusalRate: number;
  /** The password is judged when everything is sent, or the connection already gone. */
  readonly isVerdictLate: boolean;
  readonly isDisabled: boolean;
  /** Reports that nobody asked for come after this many rounds. */
  readonly unsolicitedAt: number | undefined;
  /** An operator logs the member out, or sets its numbers back, after this many rounds. */
  readonly logoutAt: number | undefined;
  readonly resetAt: number | undefined;
}

export interface FuzzCase {
  readonly no: number;
  readonly version: FixVersion;
  /** Also the UserId: nobody else in the run has it. */
  readonly senderCompId: number;
  readonly history: History;
  readonly streams: readonly FuzzStream[];
  readonly surroundings: Surroundings;
  /** Names of what was done to the conversations. */
  readonly mutations: readonly string[];
  /** The valid conversation that is sent as it is; undefined when anything was done to it. */
  readonly untouched: Conversation | undefined;
}

const FIRST_SENDER_COMP_ID = 1_000_000;
const MAX_STEPS = 7;
/** Only streams that are not longer are sent one byte at a time, and few of them: each byte is a message. */
const MAX_SINGLE_BYTES = 1_500;

/** The member of a case. */
export function senderCompIdOf(no: number): number {
  return FIRST_SENDER_COMP_ID + no;
}

/** Case `no` of the seed; its messages say that they were sent at `now`, ms since the epoch. */
export function fuzzCase(seed: number, no: number, now: number): FuzzCase {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(no + 1, 0x85ebca6b));
  const version = random.pick(FIX_VERSIONS);
  const senderCompId = senderCompIdOf(no);
  const history = historyOf(version, senderCompId, random, now);
  const { nextInSeqNum, nextOutSeqNum } = history;
  const speaker: Speaker = { version, senderCompId, nextInSeqNum, nextOutSeqNum, now };
  const said = conversation(speaker, random, MAX_STEPS);
  const isTouched = random.chance(0.9);
  const mutations: string[] = [];
  const streams: FuzzStream[] = [];
  // Sometimes the member comes twice at the same time.
  const connectionCount = isTouched && random.chance(0.04) ? 2 : 1;
  for (let i = 0; i < connectionCount; i += 1) {
    const frames = [...(i === 0 ? said : conversation(speaker, random, MAX_STEPS)).frames];
    if (isTouched)
      mutations.push(...mutate(frames, { random, foreignFrames: () => foreignFrames(speaker, random) }));
    streams.push(streamOf(frames, random));
  }
  const surroundings = surroundingsOf(random);
  const untouched = isTouched ? undefined : said;
  return { no, version, senderCompId, history, streams, surroundings, mutations, untouched };
}

/** Everything that a case sends. */
export function sentBy({ streams }: FuzzCase): string {
  return streams.map(({ chunks }) => Buffer.concat(chunks).toString('latin1')).join('');
}

/** The judge of all that the venue writes to the member of the case. */
export function ledgerFor(fuzz: FuzzCase, sent: string): FuzzLedger {
  const { settings, resetAt } = fuzz.surroundings;
  const others = FIX_VERSIONS.filter((version) => version !== fuzz.version);
  const ledger = new FuzzLedger({
    senderCompId: fuzz.senderCompId,
    nextSeqNum: fuzz.history.nextOutSeqNum,
    // An operator resets without a word who is not logged on.
    mayResetSilently: settings.resetOnLogon || settings.resetOnLogout || resetAt !== undefined,
    mayMixVersions: others.some((version) => sent.includes(beginStringOf(version))),
  });
  // The second connection cannot know what the first has seen of a reset.
  if (fuzz.streams.length > 1 && sent.includes('141=Y')) ledger.noteLostReset();
  return ledger;
}

/** The case as text that tells everything that is sent. */
export function describeCase(fuzz: FuzzCase): string {
  const { no, version, senderCompId, history, surroundings, mutations } = fuzz;
  const lines = [
    `case ${no}: ${version}, member ${senderCompId}, ${mutations.join(' + ') || 'a valid conversation'}`,
    `  history: in ${history.nextInSeqNum}, out ${history.nextOutSeqNum}, reserved ${history.reservedOutSeqNum}, ` +
      `${history.isClean ? 'clean' : 'uncertain'}, ${history.undelivered.length} reports undelivered`,
    `  around it: ${JSON.stringify(surroundings)}`,
  ];
  for (const { chunks, isPolite, ending, isDeaf } of fuzz.streams) {
    lines.push(
      `  ${isPolite ? 'polite' : 'hasty'}${isDeaf ? ' and deaf' : ''} connection, ${ending} at the end:`,
    );
    if (chunks.length > 50) {
      lines.push(`    in ${chunks.length} parts: ${shown(Buffer.concat(chunks))}`);
    } else {
      for (const chunk of chunks) lines.push(`    ${shown(chunk)}`);
    }
  }
  return lines.join('\n');
}

function streamOf(frames: readonly string[], random: Random): FuzzStream {
  const parts = partsOf(frames, random);
  return {
    chunks: parts.map((part) => Buffer.from(part, 'latin1')),
    isPolite: parts.length <= 12 && random.chance(0.6),
    ending: random.pick(['cut', 'hangUp', 'hangUp', 'stay']),
    isDeaf: random.chance(0.05),
  };
}

function partsOf(frames: readonly string[], random: Random): string[] {
  const stream = frames.join('');
  const how = random.pick(['frames', 'frames', 'random', 'random', 'whole', 'bytes']);
  switch (how) {
    case 'frames':
      return frames.filter((frame) => frame !== '');
    case 'random':
      return cutAtRandom(stream, 8, random);
    case 'bytes':
      if (stream.length <= MAX_SINGLE_BYTES && random.chance(0.05)) return [...stream];
      return cutAtRandom(stream, 30, random);
    default:
      return stream === '' ? [] : [stream];
  }
}

function foreignFrames(speaker: Speaker, random: Random): string[] {
  const isOther = random.chance(0.5);
  const other: Speaker = {
    ...speaker,
    version: random.pick(FIX_VERSIONS),
    // Nobody: its password is right and its name is not known.
    senderCompId: isOther ? 9 : speaker.senderCompId,
  };
  const frames = [...conversation(other, random, 4).frames];
  const report = newReport({ userId: speaker.senderCompId, sourceSeq: 1, at: speaker.now });
  frames.push(Buffer.from(reportFrame(speaker.version, report, random.integer(1, 9))).toString('latin1'));
  return frames;
}

function surroundingsOf(random: Random): Surroundings {
  return {
    settings: {
      ...DEFAULT_MEMBER_SETTINGS,
      resetOnLogon: random.chance(0.05),
      resetOnLogout: random.chance(0.05),
      validateUserDefinedFields: random.chance(0.8),
      cancelOnDisconnect: random.chance(0.1),
      cancelGraceMs: random.pick([0, 5_000]),
      ordersPerSecond: random.chance(0.1) ? random.integer(1, 3) : undefined,
    },
    answers: random.pick(['prompt', 'prompt', 'prompt', 'late', 'afterwards']),
    refusalRate: random.pick([0, 0, 0.3]),
    isVerdictLate: random.chance(0.03),
    isDisabled: random.chance(0.02),
    unsolicitedAt: random.chance(0.2) ? random.integer(0, 4) : undefined,
    logoutAt: random.chance(0.03) ? random.integer(0, 4) : undefined,
    resetAt: random.chance(0.03) ? random.integer(0, 4) : undefined,
  };
}

function historyOf(version: FixVersion, userId: number, random: Random, now: number): History {
  if (random.chance(0.4)) {
    const blank = { nextInSeqNum: 1, nextOutSeqNum: 1, reservedOutSeqNum: 0, isClean: true };
    return { ...blank, messages: [], undelivered: [] };
  }
  const nextOutSeqNum = random.integer(2, 20);
  const messages: StoredMessages[] = [];
  let sourceSeq = 0;
  for (let seqNum = 1; seqNum < nextOutSeqNum; seqNum += random.integer(1, 3)) {
    sourceSeq += 1;
    const report = newReport({ userId, sourceSeq, at: now - 60_000 });
    messages.push({ firstSeqNum: seqNum, lastSeqNum: seqNum, frames: reportFrame(version, report, seqNum) });
  }
  const undelivered: Report[] = [];
  const undeliveredCount = random.chance(0.3) ? random.integer(1, 12) : 0;
  for (let i = 0; i < undeliveredCount; i += 1) {
    sourceSeq += 1;
    undelivered.push(newReport({ userId, sourceSeq, at: now - 30_000 }));
  }
  return {
    nextInSeqNum: random.integer(2, 20),
    nextOutSeqNum,
    reservedOutSeqNum: nextOutSeqNum + random.integer(0, 7),
    isClean: random.chance(0.7),
    messages,
    undelivered,
  };
}

function reportFrame(version: FixVersion, report: ExecutionReport, msgSeqNum: number): Buffer {
  const header = {
    beginString: beginStringOf(version),
    senderCompId: VENUE,
    targetCompId: String(report.userId),
  };
  const writer = new MessageWriter(header).begin(reportMsgType(report, version), msgSeqNum, report.at);
  writeReport(writer, report, version);
  return writer.end();
}
