/** A member that sends one order after the other while something happens, and knows when each was acknowledged. */
import { connect, type Socket } from 'node:net';
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { FIRST_COMP_ID, ORDER_QTY } from './recovery-market.ts';

const MAX_FRAME_BYTES = 65_536;
/** Longer than any order waits for its answer, so that the session protocol says nothing meanwhile. */
const HEART_BT_INT_S = 240;
/** So far below the market that it never trades, and costs nearly nothing. */
const PRICE = '1.00';

/** One order; times of `performance.now`. */
export interface ProbedOrder {
  readonly symbol: string;
  readonly sentMs: number;
  readonly ackedMs: number;
}

interface Waiting {
  readonly symbol: string;
  readonly sentMs: number;
  readonly resolve: (order: ProbedOrder) => void;
  readonly reject: (error: Error) => void;
}

/** One session of the member number `index` of the recovery bench's market. */
export class ProbeMember {
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  readonly #waiting = new Map<string, Waiting>();
  #nextSeqNum = 1;
  #orderCount = 0;
  #onLogon = (): void => {};
  #onEnd: (reason: string) => void;

  private constructor(port: number, index: number) {
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(FIRST_COMP_ID + index),
      targetCompId: 'ONEBOOK',
    });
    this.#onEnd = (reason) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(reason));
      this.#waiting.clear();
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#receive(bytes as Buffer));
    this.#socket.on('error', (error) => this.#onEnd(error.message));
    this.#socket.on('close', () => this.#onEnd('the venue closed the connection'));
  }

  /** Resolves when the Logon (A) is answered. */
  static async logOn(port: number, index: number, password: string): Promise<ProbeMember> {
    const member = new ProbeMember(port, index);
    const onEnd = member.#onEnd;
    await new Promise<void>((resolve, reject) => {
      member.#onLogon = resolve;
      member.#onEnd = (reason) => reject(new Error(`the Logon was not answered: ${reason}`));
      member.#socket.once('connect', () =>
        member.#send(MSG_TYPE.Logon, (writer) =>
          writer
            .field(TAG.EncryptMethod, 0)
            .field(TAG.HeartBtInt, HEART_BT_INT_S)
            .field(TAG.ResetSeqNumFlag, 'Y')
            .field(TAG.Username, `member-${FIRST_COMP_ID + index}`)
            .field(TAG.Password, password),
        ),
      );
    });
    member.#onEnd = onEnd;
    return member;
  }

  /** Buys far below the market; resolves when the order is acknowledged, rejects when it is refused. */
  order(symbol: string): Promise<ProbedOrder> {
    this.#orderCount += 1;
    const clOrdId = `probe-${this.#orderCount}`;
    const sentMs = performance.now();
    return new Promise((resolve, reject) => {
      this.#waiting.set(clOrdId, { symbol, sentMs, resolve, reject });
      this.#send(MSG_TYPE.NewOrderSingle, (writer) =>
        writer
          .field(TAG.ClOrdID, clOrdId)
          .field(TAG.Symbol, symbol)
          .field(TAG.Side, '1')
          .field(TAG.TransactTime, utcTimestamp(systemClock.now()))
          .field(TAG.OrderQty, ORDER_QTY)
          .field(TAG.OrdType, '2')
          .field(TAG.Price, PRICE)
          .field(TAG.TimeInForce, '1'),
      );
    });
  }

  close(): void {
    this.#onEnd = () => {};
    this.#socket.destroy();
  }

  #send(msgType: string, write: (writer: MessageWriter) => void): void {
    write(this.#writer.begin(msgType, this.#nextSeqNum, systemClock.now()));
    this.#nextSeqNum += 1;
    this.#socket.write(this.#writer.end());
  }

  #receive(bytes: Buffer): void {
    this.#decoder.push(bytes);
    for (let found = this.#decoder.next(); found !== undefined; found = this.#decoder.next()) {
      if (found.type === 'FixMessage') this.#read(found);
      else this.#onEnd('the venue sent bytes that are no FIX');
    }
  }

  #read(message: FixMessage): void {
    const text = message.get(TAG.Text) ?? '';
    switch (message.msgType) {
      case MSG_TYPE.Logon:
        this.#onLogon();
        return;
      case MSG_TYPE.ExecutionReport: {
        const clOrdId = message.get(TAG.ClOrdID) ?? '';
        const waiting = this.#waiting.get(clOrdId);
        if (waiting === undefined) return;
        this.#waiting.delete(clOrdId);
        const { symbol, sentMs, resolve, reject } = waiting;
        // 150=I: it was sent on a second time, and was there already.
        const isTaken = message.get(TAG.ExecType) === '0' || message.get(TAG.ExecType) === 'I';
        if (isTaken) resolve({ symbol, sentMs, ackedMs: performance.now() });
        else reject(new Error(`an order in ${symbol} was refused: ${text}`));
        return;
      }
      case MSG_TYPE.Heartbeat:
      case MSG_TYPE.News:
        return;
      default:
        this.#onEnd(`the venue sent 35=${message.msgType}: ${text}`);
    }
  }
}
