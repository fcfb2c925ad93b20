/**
 * Plays the scenario: two members log on, send what each step says, judge what comes back, and log out. What
 * differs from the scenario is told in words, and the trading goes on where it can.
 */
import { fieldTag } from '../fix/dictionary.ts';
import { FixMessage, parseMessage } from '../fix/message.ts';
import type { Clock } from '../platform/clock.ts';
import { differencesOf, type ExpectedMessage, type SeenValues } from './expectations.ts';
import { HEART_BT_INT, Member, SessionBroken } from './member.ts';
import { MEMBER_NAMES, type MemberEvent, type MemberName, type TradeOrder } from './protocol.ts';
import { stepsOf } from './scenario.ts';

type Members = Readonly<Record<MemberName, Member>>;

/** The longest that an answer may take, on a machine that is busy with other things. */
const ANSWER_TIMEOUT_MS = 15_000;
const CL_ORD_ID = fieldTag('ClOrdID');

/** Trades as `order` says and tells what happens; never rejects for what the venue does. */
export async function trade(
  order: TradeOrder,
  clock: Clock,
  tell: (event: MemberEvent) => void,
): Promise<void> {
  const connected: Member[] = [];
  const connect = async (name: MemberName): Promise<Member> => {
    const member = await Member.connect({
      ...order.members[name],
      ...{ host: order.host, port: order.port, venueCompId: order.venueCompId, username: name },
      ...{ clock, timeoutMs: ANSWER_TIMEOUT_MS },
      onMessage(direction, bytes) {
        const frame = bytes.toString('latin1');
        const isLate = direction === 'fromVenue' && isOfEarlierRun(parseMessage(bytes), order.runId);
        tell({ type: 'MessageOnWire', member: name, direction, frame, isLate });
      },
    });
    connected.push(member);
    return member;
  };
  try {
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await play(order, { alice, bob }, tell);
  } catch (error) {
    if (!(error instanceof SessionBroken)) throw error;
    tell({ type: 'StepEnded', reportCount: 0, differences: [error.message] });
  }
  for (const member of connected) member.close();
  tell({ type: 'TradingEnded' });
}

async function play(order: TradeOrder, members: Members, tell: (event: MemberEvent) => void): Promise<void> {
  const seen: SeenValues = new Map();
  /** Resolves with whether it makes sense to go on. */
  const step = async (
    title: string,
    act: () => void,
    expected: readonly (ExpectedMessage & { readonly member: MemberName })[],
  ): Promise<boolean> => {
    tell({ type: 'StepBegun', title });
    act();
    const differences: string[] = [];
    const broken = new Set<MemberName>();
    for (const report of expected) {
      if (broken.has(report.member)) continue;
      try {
        const message = await nextOfThisRun(members[report.member], order.runId);
        const found = differencesOf(report, message, seen);
        differences.push(...found.map((difference) => `${report.member}'s ${report.name}: ${difference}`));
      } catch (error) {
        if (!(error instanceof SessionBroken)) throw error;
        broken.add(report.member);
        differences.push(`${report.member} got no ${report.name}: ${error.message}`);
      }
    }
    tell({ type: 'StepEnded', reportCount: expected.length, differences });
    return broken.size === 0;
  };
  const both = (name: string, fields: ExpectedMessage['fields']) =>
    MEMBER_NAMES.map((member) => ({ member, name, fields }));

  const logOn = (): void => {
    for (const name of MEMBER_NAMES) members[name].logOn();
  };
  const welcome = { HeartBtInt: HEART_BT_INT, ResetSeqNumFlag: 'Y' };
  if (!(await step('alice and bob log on, and begin at number 1', logOn, both('Logon', welcome)))) return;
  for (const { title, request, reports } of stepsOf(order)) {
    const send = (): void => members[request.member].send(request.name, request.fields);
    if (!(await step(title, send, reports))) return;
  }
  const logOut = (): void => {
    for (const name of MEMBER_NAMES) members[name].send('Logout', {});
  };
  if (!(await step('alice and bob log out', logOut, both('Logout', {})))) return;
  await Promise.all(MEMBER_NAMES.map((name) => members[name].closed()));
}

/** What is about orders of an earlier run is shown, but not what is waited for. */
async function nextOfThisRun(member: Member, runId: string): Promise<FixMessage> {
  for (;;) {
    const message = await member.receive();
    if (!isOfEarlierRun(message, runId)) return message;
  }
}

function isOfEarlierRun(message: ReturnType<typeof parseMessage>, runId: string): boolean {
  if (!(message instanceof FixMessage)) return false;
  const clOrdId = message.get(CL_ORD_ID);
  return clOrdId !== undefined && !clOrdId.startsWith(`${runId}-`);
}
