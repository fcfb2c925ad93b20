/** News (B): what the venue tells every member that is logged on, such as maintenance to come. */
import { NEWS } from './messages/general-messages.ts';
import type { AnnounceInput } from './session-protocol.ts';
import { type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE } from './tags.ts';
import { writeFields } from './typed-messages.ts';

/** Sends the headline and its lines. Stored and resent like every application message. */
export function announce(state: SessionState, { headline, lines }: AnnounceInput): void {
  const fields = { Headline: headline, NoLinesOfText: lines.map((line) => ({ Text: line })) };
  sendApplication(state, MSG_TYPE.News, (writer) => writeFields(writer, NEWS, state.version, fields));
}
