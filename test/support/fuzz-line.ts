/**
 * The fuzzer's end of a connection, in process or over a socket: sends bytes, gives the ledger what comes back, and
 * knows who has closed.
 */
import { connect, type Socket } from 'node:net';
import type { Connection, ConnectionListener, Peer } from '../../src/fix/connection.ts';
import type { ConnectionAnswers } from './fuzz-ledger.ts';

/** A connection to the venue as the member sees it. */
export interface FuzzLine {
  readonly answers: ConnectionAnswers;
  /** What was wrong with what came back. */
  readonly fault: string | undefined;
  /** The venue has closed it. */
  readonly isClosed: boolean;
  send(bytes: Uint8Array): void;
  /** Ends it; what the venue writes from now on is lost. */
  hangUp(): void;
}

/** A line without a socket, through the entry that the acceptor uses. Reads are held back as a socket's are. */
export class InProcessLine implements FuzzLine, Connection {
  readonly peer: Peer;
  readonly answers: ConnectionAnswers;
  fault: string | undefined;
  isClosed = false;
  /** The venue wrote something that did not arrive. */
  hasLost = false;
  readonly #listener: ConnectionListener;
  readonly #isDeaf: boolean;
  #waiting: Uint8Array[] = [];
  #isPaused = true;
  #isGone = false;
  #isToldClosed = false;
  #unreadBytes = 0;
  #unsentBytes = 0;

  constructor(
    onConnection: (connection: Connection) => ConnectionListener,
    answers: ConnectionAnswers,
    options: { readonly name: string; readonly isDeaf: boolean },
  ) {
    this.peer = { remoteAddress: options.name, certificateSubject: undefined };
    this.answers = answers;
    this.#isDeaf = options.isDeaf;
    this.#listener = onConnection(this);
  }

  send(bytes: Uint8Array): void {
    if (this.isClosed || this.#isGone) return;
    this.#waiting.push(bytes);
    if (!this.#isPaused) this.#deliver();
  }

  hangUp(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    // A socket that is not read does not show its end before its bytes.
    if (this.#waiting.length === 0 || this.isClosed) this.#tellClosed();
  }

  write(bytes: Uint8Array): void {
    if (this.isClosed) this.fault ??= 'written after the close';
    if (this.#isDeaf) this.#unsentBytes += bytes.length;
    if (this.#isGone) this.hasLost = true;
    if (this.#isGone || this.fault !== undefined) return;
    try {
      this.answers.take(bytes);
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliver();
  }

  consumed(byteCount: number): void {
    this.#unreadBytes -= byteCount;
    if (this.#unreadBytes < 0) this.fault ??= 'more bytes were dealt with than had come';
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#waiting = [];
    // As of a socket: not within the call.
    setImmediate(() => this.#tellClosed());
  }

  unsentBytes(): number {
    return this.#unsentBytes;
  }

  #deliver(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) {
      this.#unreadBytes += bytes.length;
      this.#listener.onBytes(bytes);
    }
    if (this.#isGone) this.#tellClosed();
  }

  #tellClosed(): void {
    if (this.#isToldClosed) return;
    this.#isToldClosed = true;
    this.#listener.onClosed();
  }
}

/** A line over TCP. */
export class SocketLine implements FuzzLine {
  readonly answers: ConnectionAnswers;
  fault: string | undefined;
  isClosed = false;
  readonly #socket: Socket;
  #rest = '';

  private constructor(socket: Socket, answers: ConnectionAnswers) {
    this.#socket = socket;
    this.answers = answers;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static open(port: number, answers: ConnectionAnswers): Promise<SocketLine> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new SocketLine(socket, answers));
      });
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Says that nothing more comes, and still reads. */
  finish(): void {
    this.#socket.end();
  }

  /** Breaks off: the venue sees a reset. */
  hangUp(): void {
    this.#socket.resetAndDestroy();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  /** Answers come in pieces: what is not a whole message waits. */
  #receive(bytes: Buffer | string): void {
    if (this.fault !== undefined) return;
    this.#rest += typeof bytes === 'string' ? bytes : bytes.toString('latin1');
    const end = wholeMessages(this.#rest);
    const whole = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    try {
      this.answers.take(Buffer.from(whole, 'latin1'));
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
  }
}

/** Where the last whole message ends. The venue's messages have no data fields, so the last `10=ddd|` is an end. */
function wholeMessages(text: string): number {
  const at = text.lastIndexOf('\x0110=');
  if (at < 0) return 0;
  const end = at + 8;
  if (end <= text.length) return end;
  return wholeMessages(text.slice(0, at));
}
