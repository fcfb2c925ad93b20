/**
 * How a torture run talks to its venue beside FIX and the admin API: the faults that only the inside of the process
 * can have, and a look at the state that lives in memory. A socket in Linux's abstract namespace, so that no file is
 * needed where the disk may be full.
 */
import { connect, createServer } from 'node:net';

/** What the venue is told. */
export type Control =
  /** The clock is so much later from now on, or earlier. */
  | { readonly type: 'JumpClock'; readonly byMs: number }
  /** The next so many commands that the book of this symbol executes throw, when they have changed it. */
  | { readonly type: 'BreakBook'; readonly symbol: string; readonly times: number }
  | { readonly type: 'TellState' };

/** A book as it lives. */
export interface LiveBook {
  readonly symbol: string;
  readonly lastSeq: number;
  readonly stateHash: string;
}

/** An account as it lives; amounts are decimal text in units of 10^-18. */
export interface LiveAccount {
  readonly userId: number;
  readonly lastSeq: number;
  readonly balances: readonly {
    readonly asset: string;
    readonly amount: string;
    readonly available: string;
  }[];
  /** OrderIDs (37), ascending. */
  readonly openOrders: readonly number[];
}

/** What lives in the memory of the venue. */
export interface LiveState {
  readonly books: readonly LiveBook[];
  readonly accounts: readonly LiveAccount[];
}

/** Answers each line with a line of JSON. */
export function serveControl(carryOut: (control: Control) => LiveState | undefined): void {
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end < 0) return;
      const control = JSON.parse(text.slice(0, end)) as Control;
      socket.end(`${JSON.stringify(carryOut(control) ?? null)}\n`);
    });
    // Whoever asked may be gone.
    socket.on('error', () => {});
  });
  server.listen(addressOf(process.pid));
  server.unref();
}

/** Tells the venue of this process id, and waits until it has done so. */
export function tellVenue(pid: number, control: Control): Promise<LiveState | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(addressOf(pid));
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (!text.endsWith('\n')) reject(new Error('the venue did not answer'));
      else resolve((JSON.parse(text) as LiveState | null) ?? undefined);
    });
    socket.write(`${JSON.stringify(control)}\n`);
  });
}

function addressOf(pid: number): string {
  return `\0onebook-torture-${pid}`;
}
