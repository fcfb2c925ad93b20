/** How a command ends: its exit codes, and the failure that carries one of them with a line for people. */

/** 0 done · 1 refused by the venue, or something failed · 2 wrong usage · 3 the node cannot be reached. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command: each line goes to stderr after `error: `. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];

  constructor(exitCode: ExitCode, ...lines: readonly string[]) {
    super(lines.join('\n'));
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

/** Told on stderr as one line, whatever line breaks the text has. */
export function tellError(text: string): void {
  process.stderr.write(`error: ${text.trim().replace(/\s*\n\s*/g, ' ')}\n`);
}
