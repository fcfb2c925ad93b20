/** One FIX session of the load client: logs on, writes orders by the batch, and counts what comes back. */
import { connect, type Socket } from 'node:net';
import { TAG } from '../../src/fix/tags.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { BenchMember, ClientPlan } from './client-plan.ts';
import { OrderFlow } from './order-flow.ts';
import { OrderFrames } from './order-frames.ts';
import { ReportScanner } from './report-scanner.ts';

/** What a session tells the load that drives it. */
export interface SessionListener {
  /** An order of this session was acknowledged; `intendedMs` is when it was to be sent (`performance.now`). */
  onAck(intendedMs: number): void;
  /** All reports that arrived together have been counted: the moment to send what there is room for. */
  onBatchRead(session: LoadSession): void;
  /** The run is void: a reject, a Logout, or bytes that are no reports. */
  onFailure(reason: string): void;
}

const EXEC_TYPE_NEW = '0'.charCodeAt(0);
const EXEC_TYPE_TRADE = 'F'.charCodeAt(0);
const HEART_BT_INT_SECONDS = 60;
const HEARTBEAT = '0';
const TEST_REQUEST = '1';
const LOGOUT = '5';
const LOGON = 'A';

/** Orders of one write at most; what is more goes into further writes. */
const MAX_BATCH = 1_000;

/** Counts and sends; which orders when is the load's business. */
export class LoadSession {
  sentCount = 0;
  ackCount = 0;
  fillCount = 0;
  crossingCount = 0;
  readonly #plan: ClientPlan;
  readonly #member: BenchMember;
  readonly #listener: SessionListener;
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  readonly #frames: OrderFrames;
  readonly #flow: OrderFlow;
  readonly #scanner: ReportScanner;
  /** When each order was to be sent; NaN once it is acknowledged. */
  readonly #intendedMs: Float64Array;
  /** Buffers that no write is using. */
  readonly #idleBuffers: Buffer[] = [];
  #nextSeqNum = 1;
  #isLeaving = false;
  #onLogon = (): void => {};

  private constructor(plan: ClientPlan, member: BenchMember, listener: SessionListener) {
    this.#plan = plan;
    this.#member = member;
    this.#listener = listener;
    const header = { senderCompId: member.compId, targetCompId: plan.venueCompId };
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(member.compId),
      targetCompId: plan.venueCompId,
    });
    this.#frames = new OrderFrames({ ...header, symbol: member.symbol ?? plan.symbol });
    this.#flow = new OrderFlow(member.compId);
    this.#intendedMs = new Float64Array(plan.maxOrdersPerSession);
    this.#scanner = new ReportScanner({
      onReport: (execType, orderNo) => this.#onReport(execType, orderNo),
      onOther: (msgType, text) => this.#onOther(msgType, text),
    });
    this.#socket = connect({ port: member.port ?? plan.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#scanner.push(bytes);
      listener.onBatchRead(this);
    });
    this.#socket.on('error', (error) => listener.onFailure(`socket: ${error.message}`));
    this.#socket.on('close', () => {
      if (!this.#isLeaving) listener.onFailure(`the venue closed the connection of ${member.compId}`);
    });
  }

  /** Resolves when the Logon (A) is answered. */
  static open(plan: ClientPlan, member: BenchMember, listener: SessionListener): Promise<LoadSession> {
    return new Promise((resolve) => {
      const session = new LoadSession(plan, member, listener);
      session.#onLogon = () => resolve(session);
      session.#socket.once('connect', () => {
        session.#say(LOGON, (writer) => {
          writer
            .field(TAG.EncryptMethod, 0)
            .field(TAG.HeartBtInt, HEART_BT_INT_SECONDS)
            .field(TAG.Username, member.username)
            .field(TAG.Password, member.password);
        });
      });
    });
  }

  /** Orders without an acknowledgement. */
  get outstandingCount(): number {
    return this.sentCount - this.ackCount;
  }

  /**
   * Sends `count` orders in one write. `intendedMsOf` gives the time at which the n-th of them was to be sent.
   * Past the plan's bound nothing more is sent, and the run fails.
   */
  send(count: number, intendedMsOf: (index: number) => number): void {
    if (this.sentCount + count > this.#plan.maxOrdersPerSession) {
      this.#listener.onFailure(`a session would send more than ${this.#plan.maxOrdersPerSession} orders`);
      return;
    }
    for (let done = 0; done < count; ) {
      const batch = Math.min(count - done, MAX_BATCH);
      this.#sendBatch(batch, done, intendedMsOf);
      done += batch;
    }
  }

  /** Says Logout (5) and resolves when the connection has ended. */
  leave(): Promise<void> {
    this.#isLeaving = true;
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      this.#socket.once('close', () => resolve());
      this.#say(LOGOUT, () => {});
    });
  }

  #sendBatch(count: number, firstIndex: number, intendedMsOf: (index: number) => number): void {
    const frames = this.#frames;
    const buffer = this.#idleBuffers.pop() ?? Buffer.allocUnsafeSlow(MAX_BATCH * frames.frameLength);
    frames.setTime(systemClock.now());
    for (let index = 0; index < count; index += 1) {
      const order = this.#flow.next();
      if (order.isCrossing) this.crossingCount += 1;
      frames.write(buffer, index * frames.frameLength, this.#nextSeqNum, this.sentCount, order);
      this.#intendedMs[this.sentCount] = intendedMsOf(firstIndex + index);
      this.#nextSeqNum += 1;
      this.sentCount += 1;
    }
    // The kernel may take a part only: the buffer is free when all of it has gone.
    this.#socket.write(buffer.subarray(0, count * frames.frameLength), () => this.#idleBuffers.push(buffer));
  }

  #onReport(execType: number, orderNo: number): void {
    if (execType === EXEC_TYPE_TRADE) {
      this.fillCount += 1;
      return;
    }
    if (execType !== EXEC_TYPE_NEW) {
      const letter = String.fromCharCode(execType);
      this.#listener.onFailure(`order ${orderNo} of ${this.#member.compId} was answered with 150=${letter}`);
      return;
    }
    const intendedMs = this.#intendedMs[orderNo];
    if (intendedMs === undefined || Number.isNaN(intendedMs) || orderNo >= this.sentCount) {
      this.#listener.onFailure(`order ${orderNo} was acknowledged twice, or never sent`);
      return;
    }
    this.#intendedMs[orderNo] = Number.NaN;
    this.ackCount += 1;
    this.#listener.onAck(intendedMs);
  }

  #onOther(msgType: string, text: string): void {
    switch (msgType) {
      case LOGON:
        this.#onLogon();
        return;
      case HEARTBEAT:
        return;
      case TEST_REQUEST: {
        const testReqId = /\|112=([^|]*)\|/.exec(text)?.[1] ?? '';
        this.#say(HEARTBEAT, (writer) => {
          writer.field(TAG.TestReqID, testReqId);
        });
        return;
      }
      case LOGOUT:
        if (this.#isLeaving) this.#socket.end();
        else this.#listener.onFailure(`the venue said ${text}`);
        return;
      default:
        this.#listener.onFailure(`the venue said ${text}`);
    }
  }

  #say(msgType: string, write: (writer: MessageWriter) => void): void {
    const writer = this.#writer.begin(msgType, this.#nextSeqNum, systemClock.now());
    this.#nextSeqNum += 1;
    write(writer);
    this.#socket.write(writer.end());
  }
}
