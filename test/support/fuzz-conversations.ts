/**
 * Valid conversations of a member, as the fuzzer's raw material: everything that a member may say from Logon to
 * Logout, under plausible numbers and times, in each version.
 */
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { APPL_VER_ID_50SP2, beginStringOf, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter, utcTimestamp } from '../../src/fix/writer.ts';
import { resealed, SOH } from './fuzz-frames.ts';
import type { Random } from './random.ts';

/** The venue's CompID. */
export const VENUE = 'ONEBOOK';

/** Who speaks, and where the numbers stand. */
export interface Speaker {
  readonly version: FixVersion;
  readonly senderCompId: number;
  /** The next MsgSeqNum (34) of the member. */
  readonly nextInSeqNum: number;
  /** The next MsgSeqNum (34) of the venue, as far as the member knows. */
  readonly nextOutSeqNum: number;
  /** SendingTime (52), ms since the epoch. */
  readonly now: number;
}

type Field = readonly [number, string | number];

/** The username and password of a member of the fuzzer. */
export function credentialsOf(senderCompId: number): {
  readonly username: string;
  readonly password: string;
} {
  return { username: `user-${senderCompId}`, password: `secret-${senderCompId}` };
}

/** A valid conversation: its frames in order. */
export interface Conversation {
  readonly frames: readonly string[];
  /** It ends with a Logout (5) of the member. */
  readonly isLoggedOut: boolean;
}

/** A random conversation from Logon on, with up to `maxSteps` things said after it. */
export function conversation(speaker: Speaker, random: Random, maxSteps: number): Conversation {
  const script = new Script(speaker, random);
  script.logon(random.chance(0.1));
  const stepCount = random.integer(0, maxSteps);
  for (let step = 0; step < stepCount; step += 1) random.pick(STEPS)(script);
  const isLoggedOut = random.chance(0.4);
  if (isLoggedOut) script.send(MSG_TYPE.Logout);
  return { frames: script.frames, isLoggedOut };
}

/** One step of a conversation, said now. */
type Step = (script: Script) => void;

class Script {
  readonly frames: string[] = [];
  readonly random: Random;
  readonly speaker: Speaker;
  nextSeqNum: number;
  readonly #writer: MessageWriter;
  #lastOrderNo = 0;

  constructor(speaker: Speaker, random: Random) {
    this.speaker = speaker;
    this.random = random;
    this.nextSeqNum = speaker.nextInSeqNum;
    this.#writer = new MessageWriter({
      beginString: beginStringOf(speaker.version),
      senderCompId: String(speaker.senderCompId),
      targetCompId: VENUE,
    });
  }

  /** Says it under the next number. */
  send(msgType: string, fields: readonly Field[] = [], isPossResend = false): void {
    this.frames.push(this.#frame(msgType, this.nextSeqNum, fields, { possResend: isPossResend }));
    this.nextSeqNum += 1;
  }

  /** Says it again, or late, under a number of before. */
  sendAgain(msgType: string, msgSeqNum: number, fields: readonly Field[] = []): void {
    const possDup = { origSendingTime: utcTimestamp(this.speaker.now - 1_000) };
    this.frames.push(this.#frame(msgType, msgSeqNum, fields, { possDup }));
  }

  logon(isReset: boolean): void {
    const { random, speaker } = this;
    const { username, password } = credentialsOf(speaker.senderCompId);
    if (isReset) this.nextSeqNum = 1;
    else if (random.chance(0.05)) this.nextSeqNum += random.integer(1, 3);
    this.send(MSG_TYPE.Logon, [
      [98, 0],
      [108, random.pick([30, 30, 30, 1, 10, 60, 3_600, 0])],
      ...(random.chance(0.05)
        ? ([
            [95, 3],
            [96, 'a=b'],
          ] as const)
        : []),
      ...(isReset ? ([[141, 'Y']] as const) : []),
      ...(!isReset && speaker.version !== 'FIX.4.2' && random.chance(0.1)
        ? ([[789, speaker.nextOutSeqNum]] as const)
        : []),
      [553, username],
      [554, password],
      ...(speaker.version === 'FIX.5.0SP2' ? ([[1137, APPL_VER_ID_50SP2]] as const) : []),
      ...(random.chance(0.1)
        ? ([
            [8013, 'Y'],
            [8014, random.integer(0, 20)],
          ] as const)
        : []),
    ]);
  }

  nextClOrdId(): string {
    this.#lastOrderNo += 1;
    return `c${this.speaker.senderCompId}-${this.#lastOrderNo}`;
  }

  /** A ClOrdID (11) that was used before, if there is one. */
  usedClOrdId(): string {
    return `c${this.speaker.senderCompId}-${this.random.integer(1, Math.max(1, this.#lastOrderNo))}`;
  }

  #frame(
    msgType: string,
    msgSeqNum: number,
    fields: readonly Field[],
    options: Parameters<MessageWriter['begin']>[3],
  ): string {
    const writer = this.#writer.begin(msgType, msgSeqNum, this.speaker.now, options);
    for (const [tag, value] of fields) writer.field(tag, value);
    return writer.end().toString('latin1');
  }
}

function order({ random, speaker }: Script, clOrdId: string): Field[] {
  const ordType = random.pick(['1', '2', '2', '2']);
  return [
    [11, clOrdId],
    ...(speaker.version === 'FIX.4.2' || random.chance(0.2) ? ([[21, '1']] as const) : []),
    [55, random.pick(['BTC-USD', 'BTC-USD', 'ETH-USD'])],
    [54, random.pick(['1', '2'])],
    [60, utcTimestamp(speaker.now)],
    [38, random.pick(['1', '1.00', '0.5', '100000'])],
    [40, ordType],
    ...(ordType === '2' ? ([[44, random.pick(['100', '100.25', '99.99'])]] as const) : []),
    ...(random.chance(0.3) ? ([[59, random.pick(['0', '1', '3', '4'])]] as const) : []),
  ];
}

const ROUTING: readonly Field[] = [
  [50, 'desk'],
  [57, 'book'],
  [115, 'behalf'],
  [128, 'deliver'],
];
const PARTIES: readonly Field[] = [
  [453, 2],
  [448, 'A'],
  [447, 'D'],
  [452, 1],
  [448, 'B'],
  [447, 'D'],
  [452, 3],
];
/** Fields that change an order, in ways that the venue does and in ways that it does not. */
const INSTRUCTIONS: readonly (readonly Field[])[] = [
  [[110, '1']],
  [[111, '1']],
  [[18, 'G']],
  [[18, '6']],
  [[99, '90']],
  [[126, '20260106-12:00:00']],
  [[432, '20260106']],
  [
    [7928, 7],
    [7929, 1],
  ],
  [[1, 'desk-7']],
  [[210, '1']],
  [[18, '1']],
  [[7928, 0]],
];

const STEPS: readonly Step[] = [
  (script) => script.send(MSG_TYPE.NewOrderSingle, order(script, script.nextClOrdId())),
  (script) => script.send(MSG_TYPE.NewOrderSingle, order(script, script.nextClOrdId())),
  (script) => script.send(MSG_TYPE.NewOrderSingle, [...ROUTING, ...order(script, script.nextClOrdId())]),
  (script) => script.send(MSG_TYPE.NewOrderSingle, order(script, script.usedClOrdId()), true),
  (script) => {
    const parties = script.speaker.version === 'FIX.4.2' ? [] : PARTIES;
    script.send(MSG_TYPE.NewOrderSingle, [...order(script, script.nextClOrdId()), ...parties]);
  },
  (script) => {
    const fields = [...order(script, script.nextClOrdId()), ...script.random.pick(INSTRUCTIONS)];
    script.send(MSG_TYPE.NewOrderSingle, fields);
  },
  (script) => {
    const text = script.random.pick(['hello', '10=000', '8=FIX.4.4', 'gr\xfc\xdfe']);
    script.send(MSG_TYPE.NewOrderSingle, [...order(script, script.nextClOrdId()), [58, text]]);
  },
  // Data may contain anything, SOH too.
  (script) => {
    script.send(MSG_TYPE.NewOrderSingle, [...order(script, script.nextClOrdId()), [354, 5], [355, 'a~b~c']]);
    script.frames.push(withSohForTilde(script.frames.pop() as string));
  },
  (script) => {
    const ids: Field[] = [
      [41, script.usedClOrdId()],
      [11, script.nextClOrdId()],
    ];
    const sentAt = utcTimestamp(script.speaker.now);
    script.send(MSG_TYPE.OrderCancelRequest, [...ids, [55, 'BTC-USD'], [54, '1'], [60, sentAt]]);
  },
  (script) => {
    const replaced = script.usedClOrdId();
    script.send(MSG_TYPE.OrderCancelReplaceRequest, [[41, replaced], ...order(script, script.nextClOrdId())]);
  },
  massCancel,
  (script) =>
    script.send(MSG_TYPE.OrderStatusRequest, [
      [11, script.usedClOrdId()],
      [55, 'BTC-USD'],
      [54, '1'],
    ]),
  (script) =>
    script.send(MSG_TYPE.OrderMassStatusRequest, [
      [584, `status-${script.nextSeqNum}`],
      [585, script.random.pick([1, 1, 7, 3])],
      [55, 'BTC-USD'],
    ]),
  (script) =>
    script.send(MSG_TYPE.SecurityListRequest, [
      [320, `list-${script.nextSeqNum}`],
      [559, script.random.pick([0, 0, 4, 1])],
      [55, script.random.pick(['BTC-USD', 'XXX-YYY'])],
    ]),
  (script) =>
    script.send(MSG_TYPE.SecurityStatusRequest, [
      [324, `trading-${script.random.integer(1, 2)}`],
      [55, script.random.pick(['BTC-USD', 'BTC-USD', 'XXX-YYY'])],
      [263, script.random.pick(['0', '1', '2'])],
    ]),
  (script) => script.send(MSG_TYPE.TestRequest, [[112, `ping-${script.nextSeqNum}`]]),
  (script) => script.send(MSG_TYPE.Heartbeat),
  (script) => {
    const begin = script.random.integer(1, script.speaker.nextOutSeqNum + 1);
    script.send(MSG_TYPE.ResendRequest, [
      [7, begin],
      [16, script.random.pick([0, 0, begin, begin + 2, 999_999])],
    ]);
  },
  fillGapLater,
  fillGapLater,
  (script) => {
    script.nextSeqNum += script.random.integer(1, 3);
    script.send(MSG_TYPE.NewOrderSingle, order(script, script.nextClOrdId()));
  },
  (script) => {
    const newSeqNo = script.nextSeqNum + script.random.integer(1, 5);
    script.send('4', [
      [123, 'Y'],
      [36, newSeqNo],
    ]);
    script.nextSeqNum = newSeqNo;
  },
  (script) => {
    const newSeqNo = script.nextSeqNum + script.random.integer(1, 5);
    script.send('4', [[36, newSeqNo]]);
    script.nextSeqNum = newSeqNo;
  },
  (script) =>
    script.send(MSG_TYPE.Reject, [
      [45, 1],
      [58, 'I do not like it'],
    ]),
  (script) =>
    script.send(MSG_TYPE.BusinessMessageReject, [
      [45, 1],
      [372, '8'],
      [380, 0],
    ]),
  // Already processed: nothing comes of it.
  (script) => script.sendAgain(MSG_TYPE.NewOrderSingle, 1, order(script, script.usedClOrdId())),
  (script) => {
    script.logon(true);
  },
  // From here on what the venue refuses, and goes on.
  (script) =>
    script.send('V', [
      [262, 'md'],
      [263, '0'],
      [264, 0],
    ]),
  (script) => script.send('ZZ', [[58, 'nobody knows']]),
  (script) => script.send(MSG_TYPE.NewOrderSingle, [...order(script, script.nextClOrdId()), [9999, 'x']]),
  (script) => script.send(MSG_TYPE.NewOrderSingle, [[11, script.nextClOrdId()]]),
  (script) =>
    script.send(MSG_TYPE.Logon, [
      [98, 0],
      [108, 30],
    ]),
];

function massCancel(script: Script): void {
  script.send(MSG_TYPE.OrderMassCancelRequest, [
    [11, script.random.chance(0.2) ? script.usedClOrdId() : script.nextClOrdId()],
    [530, script.random.pick(['1', '7', '3'])],
    [55, 'BTC-USD'],
    [60, utcTimestamp(script.speaker.now)],
  ]);
}

/** Leaves numbers out, shows the gap, and sends what is missing: orders again, or a GapFill. */
function fillGapLater(script: Script): void {
  const { random } = script;
  const missing = script.nextSeqNum;
  const missingCount = random.integer(1, 3);
  script.nextSeqNum += missingCount;
  script.send(MSG_TYPE.NewOrderSingle, order(script, script.nextClOrdId()));
  if (random.chance(0.5)) {
    for (let i = 0; i < missingCount; i += 1) {
      script.sendAgain(MSG_TYPE.NewOrderSingle, missing + i, order(script, script.nextClOrdId()));
    }
  } else {
    script.sendAgain('4', missing, [
      [123, 'Y'],
      [36, missing + missingCount],
    ]);
  }
}

function withSohForTilde(frame: string): string {
  return resealed(frame.replaceAll('~', SOH));
}
