/** News (B): what the venue tells every member that is logged on, such as maintenance to come. */
import type { AnnounceInput } from './session-protocol.ts';
import { type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';

/** Sends the headline and its lines. Stored and resent like every application message. */
export function announce(state: SessionState, { headline, lines }: AnnounceInput): void {
  sendApplication(state, MSG_TYPE.News, (writer) => {
    writer.field(TAG.Headline, headline).field(TAG.NoLinesOfText, lines.length);
    for (const line of lines) writer.field(TAG.Text, line);
  });
}
