/** Plays steps of a demo: members send what a step says, and what comes back is held against what must come. */
import { fieldTag } from '../fix/dictionary.ts';
import { FixMessage, parseMessage } from '../fix/message.ts';
import type { Clock } from '../platform/clock.ts';
import { differencesOf, type ExpectedMessage, type SeenValues } from './expectations.ts';
import { HEART_BT_INT, Member, SessionBroken } from './member.ts';
import { MEMBER_NAMES, type MemberEvent, type MemberLogin, type MemberName } from './protocol.ts';

export type Members = Readonly<Record<MemberName, Member>>;

/** A message that one of the members must get. */
export type ExpectedOf = ExpectedMessage & { readonly member: MemberName };

/** Where a member connects. */
export interface VenueDoor {
  readonly host: string;
  readonly port: number;
  /** TargetCompID (56). */
  readonly venueCompId: string;
}

/** The longest that an answer may take, on a machine that is busy with other things. */
const ANSWER_TIMEOUT_MS = 15_000;
const CL_ORD_ID = fieldTag('ClOrdID');

/** Connects one of the members, and tells every message of its session. Throws {@link SessionBroken}. */
export function connectMember(
  name: MemberName,
  login: MemberLogin,
  door: VenueDoor,
  run: { readonly runId: string; readonly clock: Clock; readonly tell: (event: MemberEvent) => void },
): Promise<Member> {
  const { runId, clock, tell } = run;
  return Member.connect({
    ...login,
    ...{ host: door.host, port: door.port, venueCompId: door.venueCompId, username: name },
    ...{ clock, timeoutMs: ANSWER_TIMEOUT_MS },
    onMessage(direction, bytes) {
      const frame = bytes.toString('latin1');
      const isLate = direction === 'fromVenue' && isOfEarlierRun(parseMessage(bytes), runId);
      tell({ type: 'MessageOnWire', member: name, direction, frame, isLate });
    },
  });
}

/** Plays the steps of one run, one after the other. */
export class StepPlayer {
  readonly #members: Members;
  readonly #runId: string;
  readonly #tell: (event: MemberEvent) => void;
  readonly #seen: SeenValues = new Map();

  constructor(members: Members, runId: string, tell: (event: MemberEvent) => void) {
    this.#members = members;
    this.#runId = runId;
    this.#tell = tell;
  }

  /** Resolves with whether it makes sense to go on. */
  async play(
    title: string,
    act: () => void | Promise<void>,
    expected: readonly ExpectedOf[],
  ): Promise<boolean> {
    this.#tell({ type: 'StepBegun', title });
    await act();
    const differences: string[] = [];
    const broken = new Set<MemberName>();
    for (const report of expected) {
      if (broken.has(report.member)) continue;
      try {
        const message = await this.#nextOfThisRun(this.#members[report.member]);
        const found = differencesOf(report, message, this.#seen);
        differences.push(...found.map((difference) => `${report.member}'s ${report.name}: ${difference}`));
      } catch (error) {
        if (!(error instanceof SessionBroken)) throw error;
        broken.add(report.member);
        differences.push(`${report.member} got no ${report.name}: ${error.message}`);
      }
    }
    this.#tell({ type: 'StepEnded', reportCount: expected.length, differences });
    return broken.size === 0;
  }

  /** All members log on and begin at number 1. */
  logOn(title: string): Promise<boolean> {
    const welcome = { HeartBtInt: HEART_BT_INT, ResetSeqNumFlag: 'Y' };
    const act = (): void => {
      for (const name of MEMBER_NAMES) this.#members[name].logOn();
    };
    return this.play(title, act, toEach('Logon', welcome));
  }

  /** All members log out; when all answers have come, the venue has closed the connections. */
  async logOut(title: string): Promise<boolean> {
    const act = (): void => {
      for (const name of MEMBER_NAMES) this.#members[name].send('Logout', {});
    };
    if (!(await this.play(title, act, toEach('Logout', {})))) return false;
    await Promise.all(MEMBER_NAMES.map((name) => this.#members[name].closed()));
    return true;
  }

  /** What is about orders of an earlier run is shown, but not what is waited for. */
  async #nextOfThisRun(member: Member): Promise<FixMessage> {
    for (;;) {
      const message = await member.receive();
      if (!isOfEarlierRun(message, this.#runId)) return message;
    }
  }
}

function toEach(name: string, fields: ExpectedMessage['fields']): readonly ExpectedOf[] {
  return MEMBER_NAMES.map((member) => ({ member, name, fields }));
}

function isOfEarlierRun(message: ReturnType<typeof parseMessage>, runId: string): boolean {
  if (!(message instanceof FixMessage)) return false;
  const clOrdId = message.get(CL_ORD_ID);
  return clOrdId !== undefined && !clOrdId.startsWith(`${runId}-`);
}
