/**
 * The member of a case comes back with a clean connection: it must be let in, get all that it has missed by the
 * rules of the session, and be let go. What a case has left behind in the venue shows here.
 */
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { APPL_VER_ID_50SP2, beginStringOf } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { credentialsOf, VENUE } from './fuzz-conversations.ts';
import { shown } from './fuzz-frames.ts';
import type { FuzzLedger } from './fuzz-ledger.ts';
import type { FuzzLine } from './fuzz-line.ts';

/** What a member that comes back expects of its venue. */
const WELCOME: ReadonlySet<string> = new Set(['A', '8', '9', 'r', 'y', 'f', '0', '5', '3', 'j']);

export class Comeback {
  readonly #fuzz: FuzzCase;
  readonly #ledger: FuzzLedger;
  readonly #line: FuzzLine;
  readonly #now: () => number;
  readonly #writer: MessageWriter;
  #nextSeqNum: number;

  /** `nextSeqNum` is the number that the venue expects, as a member knows from its own books. */
  constructor(fuzz: FuzzCase, ledger: FuzzLedger, line: FuzzLine, nextSeqNum: number, now: () => number) {
    this.#fuzz = fuzz;
    this.#ledger = ledger;
    this.#line = line;
    this.#nextSeqNum = nextSeqNum;
    this.#now = now;
    this.#writer = new MessageWriter({
      beginString: beginStringOf(fuzz.version),
      senderCompId: String(fuzz.senderCompId),
      targetCompId: VENUE,
    });
  }

  get line(): FuzzLine {
    return this.#line;
  }

  get isLoggedOn(): boolean {
    return this.#line.answers.answers[0]?.msgType === 'A';
  }

  logon(): void {
    const { username, password } = credentialsOf(this.#fuzz.senderCompId);
    const fields: [number, string | number][] = [
      [98, 0],
      [108, 30],
      [553, username],
      [554, password],
    ];
    if (this.#fuzz.version === 'FIX.5.0SP2') fields.push([1137, APPL_VER_ID_50SP2]);
    this.#send(MSG_TYPE.Logon, fields);
  }

  /** Asks for what is missing below the number of the venue's Logon, if anything is. */
  askForMissing(): void {
    const { firstMissing } = this.#ledger;
    if (firstMissing === undefined || !this.isLoggedOn) return;
    this.#send(MSG_TYPE.ResendRequest, [
      [7, firstMissing],
      [16, 0],
    ]);
  }

  logout(): void {
    this.#send(MSG_TYPE.Logout, []);
  }

  /** What was wrong with it, when it is over. */
  fault(): string | undefined {
    const { answers, fault, isClosed } = this.#line;
    if (fault !== undefined) return `after coming back: ${fault}`;
    if (!this.isLoggedOn) {
      const first = answers.answers[0];
      return `cannot log on again: ${first === undefined ? 'no answer' : shown(first.frame)}`;
    }
    const strange = answers.answers.find(({ msgType, isPossDup }) => !isPossDup && !WELCOME.has(msgType));
    if (strange !== undefined) return `the venue complains after coming back: ${shown(strange.frame)}`;
    if (this.#ledger.firstMissing !== undefined)
      return `number ${this.#ledger.firstMissing} is not sent again`;
    if (answers.last?.msgType !== MSG_TYPE.Logout || !isClosed)
      return 'the Logout after coming back is not answered';
    return undefined;
  }

  #send(msgType: string, fields: readonly (readonly [number, string | number])[]): void {
    const writer = this.#writer.begin(msgType, this.#nextSeqNum, this.#now());
    this.#nextSeqNum += 1;
    for (const [tag, value] of fields) writer.field(tag, value);
    this.#line.send(writer.end());
  }
}
