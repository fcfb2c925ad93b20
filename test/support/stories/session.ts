/** Who plays a member of a story: the client that the tests have, or an engine that others wrote. */

/** A message to be sent: MsgType (35), and its body by tag. */
export interface StoryRequest {
  readonly msgType: string;
  readonly fields: readonly (readonly [tag: number, value: string])[];
}

/** A message as its receiver understood it; of a field that comes more than once, the first. */
export interface StoryAnswer {
  readonly msgType: string;
  get(tag: number): string | undefined;
  /** All of it, to be shown when it is not what was expected. */
  readonly text: string;
}

/** One member's session. */
export interface StorySession {
  /** As the operator knows the member. */
  readonly username: string;
  /** Sends the messages in this order, in one go if it can. */
  sendTogether(requests: readonly StoryRequest[]): void;
  /** Takes the next application message; fails when none comes. */
  nextMessage(): Promise<StoryAnswer>;
}
