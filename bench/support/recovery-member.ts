/** A member that logs on after a recovery, sends one order, and says when each was answered. */
import { connect, type Socket } from 'node:net';
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { FIRST_COMP_ID, MIDDLE_PRICE, ORDER_QTY } from './recovery-market.ts';

const MAX_FRAME_BYTES = 65_536;
/** Longer than any order waits for its answer, so that the session protocol says nothing meanwhile. */
const HEART_BT_INT_S = 240;

/** One session of the member number `index`. */
export class RecoveryMember {
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  #nextSeqNum = 1;
  #onMessage: (message: FixMessage) => void = () => {};
  #onEnd: (reason: string) => void = () => {};

  private constructor(port: number, index: number) {
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(FIRST_COMP_ID + index),
      targetCompId: 'ONEBOOK',
    });
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#receive(bytes as Buffer));
    this.#socket.on('error', (error) => this.#onEnd(error.message));
    this.#socket.on('close', () => this.#onEnd('the venue closed the connection'));
  }

  /** Resolves when the Logon (A) is answered. */
  static async logOn(port: number, index: number, password: string): Promise<RecoveryMember> {
    const member = new RecoveryMember(port, index);
    await new Promise<void>((resolve, reject) => {
      member.#onEnd = (reason) => reject(new Error(`the Logon was not answered: ${reason}`));
      member.#socket.once('connect', () => resolve());
    });
    const answered = member.#answer(MSG_TYPE.Logon);
    member.#send(MSG_TYPE.Logon, (writer) =>
      writer
        .field(TAG.EncryptMethod, 0)
        .field(TAG.HeartBtInt, HEART_BT_INT_S)
        .field(TAG.ResetSeqNumFlag, 'Y')
        .field(TAG.Username, `member-${FIRST_COMP_ID + index}`)
        .field(TAG.Password, password),
    );
    await answered;
    return member;
  }

  /** Buys far below the market; resolves when the order is acknowledged, rejects when it is refused. */
  async order(symbol: string): Promise<void> {
    const at = systemClock.now();
    const clOrdId = `first-${at}`;
    // Others may come before: of an order of the last life that the member may not have been told of.
    const answered = this.#answer(MSG_TYPE.ExecutionReport, clOrdId);
    this.#send(MSG_TYPE.NewOrderSingle, (writer) =>
      writer
        .field(TAG.ClOrdID, clOrdId)
        .field(TAG.Symbol, symbol)
        .field(TAG.Side, '1')
        .field(TAG.TransactTime, utcTimestamp(at))
        .field(TAG.OrderQty, ORDER_QTY)
        .field(TAG.OrdType, '2')
        .field(TAG.Price, String(MIDDLE_PRICE - 1_000))
        .field(TAG.TimeInForce, '1'),
    );
    const report = await answered;
    if (report.get(TAG.ExecType) !== '0') throw new Error(`the order was refused: ${report.get(TAG.Text)}`);
  }

  close(): void {
    this.#onEnd = () => {};
    this.#socket.destroy();
  }

  #answer(msgType: string, clOrdId?: string): Promise<FixMessage> {
    return new Promise((resolve, reject) => {
      this.#onEnd = (reason) => reject(new Error(reason));
      this.#onMessage = (message) => {
        const isOther = clOrdId !== undefined && message.get(TAG.ClOrdID) !== clOrdId;
        if (message.msgType === msgType && !isOther) resolve(message);
        else if (message.msgType !== MSG_TYPE.Heartbeat && message.msgType !== msgType) {
          reject(new Error(`the venue sent 35=${message.msgType}: ${message.get(TAG.Text) ?? ''}`));
        }
      };
    });
  }

  #send(msgType: string, write: (writer: MessageWriter) => void): void {
    write(this.#writer.begin(msgType, this.#nextSeqNum, systemClock.now()));
    this.#nextSeqNum += 1;
    this.#socket.write(this.#writer.end());
  }

  #receive(bytes: Buffer): void {
    this.#decoder.push(bytes);
    for (let found = this.#decoder.next(); found !== undefined; found = this.#decoder.next()) {
      if (found.type === 'FixMessage') this.#onMessage(found);
      else this.#onEnd('the venue sent bytes that are no FIX');
    }
  }
}
