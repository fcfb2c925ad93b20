/** How a member of the tests answers a ResendRequest (2): one rule for those that record and those that are strict. */
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import type { Fields, FixClient } from './fix-client.ts';

/** A request as it was sent. */
export interface SentRequest {
  readonly msgType: string;
  readonly fields: Fields;
  /** PossResend (97=Y). */
  readonly possResend: boolean;
  /** SendingTime (52), which becomes OrigSendingTime (122). */
  readonly sentAt: string;
}

/** Sends requests again with 43=Y, and everything else as one GapFill a run. */
export function answerResendRequest(
  client: FixClient,
  request: FixMessage,
  sentUnder: (seqNum: number) => SentRequest | undefined,
): void {
  const begin = request.getInt(TAG.BeginSeqNo) ?? 1;
  const end = request.getInt(TAG.EndSeqNo) || client.nextOutSeqNum - 1;
  let filledFrom = begin;
  const fillUpTo = (seqNum: number): void => {
    if (seqNum === filledFrom) return;
    const fields = { [TAG.GapFillFlag]: 'Y', [TAG.NewSeqNo]: seqNum };
    client.send(MSG_TYPE.SequenceReset, fields, { msgSeqNum: filledFrom, possDup: true });
  };
  for (let seqNum = begin; seqNum <= end; seqNum += 1) {
    const sent = sentUnder(seqNum);
    if (sent === undefined) continue;
    fillUpTo(seqNum);
    filledFrom = seqNum + 1;
    const { msgType, fields, possResend, sentAt } = sent;
    client.send(msgType, fields, { msgSeqNum: seqNum, possResend, possDup: { origSendingTime: sentAt } });
  }
  fillUpTo(end + 1);
}
