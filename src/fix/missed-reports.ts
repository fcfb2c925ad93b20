/**
 * Where several nodes commit, what a session is told may have gaps and may overtake: a link was cut, a symbol has moved.
 * This is what a session knows of that: which commits the rows contained that it has read, what it has taken of each
 * source, and what waits until rows are read again. Idle in a venue of one node.
 */
import type { Report } from '../matching/execution-report.ts';
import { type CommitNumbers, NO_COMMITS } from '../platform/commit-numbers.ts';
import type { ReportsCommittedInput } from './session-protocol.ts';

/** The missing reports of one session. */
export class MissedReports {
  #contained: CommitNumbers = NO_COMMITS;
  /** The last commit of each writer of which something was taken since. */
  readonly #lastNos = new Map<string, number>();
  /** The last SourceSeq of each source that was taken. */
  readonly #taken = new Map<string, number>();
  /** Commits that the next read shall contain, by writer. */
  readonly #wanted = new Map<string, number>();
  #held: ReportsCommittedInput[] = [];
  #heldCount = 0;
  #isReading = false;
  /** More came than may be held: rows have it, and nothing more is held until they are asked again. */
  #isOverfull = false;

  /** Whether reports must wait. */
  get isBehind(): boolean {
    return this.#isReading || this.#wanted.size > 0 || this.#held.length > 0;
  }

  /** Whether rows are to be read, and are not being read. */
  get isReadDue(): boolean {
    return this.#wanted.size > 0 && !this.#isReading;
  }

  /** Whether what is held may be looked at again. */
  get mayRelease(): boolean {
    return this.#held.length > 0 && this.#wanted.size === 0 && !this.#isReading;
  }

  /** Reports that wait. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** The session begins, or begins anew, with what the store has handed over. */
  begin(commits: CommitNumbers, undelivered: readonly Report[]): void {
    this.#taken.clear();
    this.#isReading = false;
    this.#contain(commits);
    for (const report of undelivered) this.take(report);
  }

  /** Rows are to be read that contain this commit; not when they have been. */
  want(writer: string, commitNo: number): void {
    if (commitNo <= (this.#contained.get(writer) ?? 0)) return;
    this.#wanted.set(writer, Math.max(commitNo, this.#wanted.get(writer) ?? 0));
  }

  /**
   * Whether nothing is missing before these reports: whatever the writer told before them has arrived or was read, and
   * so was what others have committed of the same sources. If not, rows are wanted.
   */
  isNext(input: ReportsCommittedInput): boolean {
    const { writer, continuity } = input;
    if (continuity === undefined) return true;
    const { previousNo, ownedFromNo } = continuity;
    const contained = this.#contained.get(writer) ?? 0;
    if (ownedFromNo <= contained && previousNo <= Math.max(contained, this.#lastNos.get(writer) ?? 0)) {
      return true;
    }
    // It is committed: rows that are read from now on contain it.
    this.want(writer, Math.max(previousNo, ownedFromNo));
    return false;
  }

  /** They are taken: those of them that were not before. */
  taken(input: ReportsCommittedInput): ReportsCommittedInput {
    const { writer, commitNo, continuity, reports } = input;
    if (continuity === undefined) return input;
    this.#lastNos.set(writer, Math.max(commitNo, this.#lastNos.get(writer) ?? 0));
    return { ...input, reports: reports.filter((report) => this.take(report)) };
  }

  /** False for a report that was taken before. A status answer (0) has no place in its source's order. */
  take({ source, sourceSeq }: Report): boolean {
    if (sourceSeq === 0) return true;
    if (sourceSeq <= (this.#taken.get(source) ?? 0)) return false;
    this.#taken.set(source, sourceSeq);
    return true;
  }

  /** Keeps them until rows are read; what has no room is in the rows, and they are read once more for it. */
  hold(input: ReportsCommittedInput, mostReports: number): void {
    if (!this.#isOverfull && this.#heldCount + input.reports.length > mostReports) {
      this.#isOverfull = true;
      const held = this.#held;
      this.#held = [];
      this.#heldCount = 0;
      for (const one of held) this.#keep(this.#withoutRows(one));
    }
    this.#keep(this.#isOverfull ? this.#withoutRows(input) : input);
  }

  /** Takes out all that is held; what has to go on waiting is given back in its order. */
  takeHeld(): readonly ReportsCommittedInput[] {
    const held = this.#held;
    this.#held = [];
    this.#heldCount = 0;
    return held;
  }

  /** The other way round, before anything else is held. */
  giveBack(held: readonly ReportsCommittedInput[]): void {
    for (const input of held) this.#keep(input);
  }

  /** Rows are being read: they contain whatever was committed until now. */
  readBegun(): void {
    this.#wanted.clear();
    this.#isReading = true;
    this.#isOverfull = false;
  }

  /** False when nobody has asked. */
  readEnded(commits: CommitNumbers): boolean {
    if (!this.#isReading) return false;
    this.#isReading = false;
    this.#contain(commits);
    if (this.#wanted.size === 0) this.#isOverfull = false;
    return true;
  }

  #contain(commits: CommitNumbers): void {
    this.#contained = commits;
    for (const [writer, commitNo] of this.#wanted) {
      if (commitNo <= (commits.get(writer) ?? 0)) this.#wanted.delete(writer);
    }
  }

  #keep(input: ReportsCommittedInput): void {
    if (input.reports.length + input.answered.length === 0) return;
    this.#held.push(input);
    this.#heldCount += input.reports.length;
  }

  /** What only this message says: the rest is read again. */
  #withoutRows(input: ReportsCommittedInput): ReportsCommittedInput {
    const { type, writer, commitNo, continuity, answered } = input;
    if (continuity === undefined) return input;
    this.want(writer, commitNo);
    return {
      type,
      writer,
      commitNo,
      answered,
      reports: input.reports.filter(({ sourceSeq }) => sourceSeq === 0),
    };
  }
}
