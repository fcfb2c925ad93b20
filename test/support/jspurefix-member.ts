/**
 * A member that uses jspurefix, a FIX engine that others wrote: it frames, parses, validates and numbers with its
 * own code and its own FIX.4.4 dictionary. What it hears is kept as its parser understood it.
 */
import { createRequire } from 'node:module';
import type { IFixSessionStore, IJsFixConfig, ISessionDescription, MsgView } from 'jspurefix';
import { systemClock } from '../../src/platform/clock.ts';
import type { MemberIdentity } from './recording-member.ts';
import { until } from './until.ts';

// Its dependency injection wants a polyfill that is its dependency, not ours, before it is loaded.
const requireAsEngine = createRequire(import.meta.resolve('jspurefix'));
requireAsEngine('reflect-metadata');
const engine: typeof import('jspurefix') = requireAsEngine('jspurefix');

/** QuickFIX's FIX44.xml, as the engine ships it. */
const DICTIONARY = 'qf44';

/** Fields of reports and rejects that tests look at. */
export type Fields44 = Readonly<
  Partial<
    Record<
      | 'AvgPx'
      | 'ClOrdID'
      | 'CumQty'
      | 'CxlRejReason'
      | 'CxlRejResponseTo'
      | 'ExecID'
      | 'ExecType'
      | 'Instrument'
      | 'LastLiquidityInd'
      | 'LastPx'
      | 'LastQty'
      | 'LeavesQty'
      | 'MiscFeesGrp'
      | 'NoMiscFees'
      | 'OrderID'
      | 'OrderQtyData'
      | 'OrdRejReason'
      | 'OrdStatus'
      | 'OrdType'
      | 'OrigClOrdID'
      | 'Price'
      | 'SecondaryExecID'
      | 'Side'
      | 'Text'
      | 'TimeInForce'
      | 'TransactTime',
      unknown
    >
  >
>;

/** An application message, read by the engine. */
export interface Understood {
  readonly msgType: string;
  /** By FIX field name, groups and components nested, typed by the engine's dictionary. */
  readonly fields: Fields44;
  /** PossDupFlag (43) of its header. */
  readonly isPossDup: boolean;
}

/** The terms of an order, as the engine wants numbers. */
export interface JsOrder {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: '1' | '2';
  readonly orderQty: number;
  readonly price: number;
  readonly timeInForce?: string;
}

/** What one member's engine has seen and said, over all its connections. */
interface Record44 {
  readonly heard: Understood[];
  /** MsgTypes (35) that came in, session messages too. */
  readonly received: string[];
  /** MsgTypes (35) that went out. */
  readonly sent: string[];
  readonly stops: (Error | undefined)[];
}

class MemberSession extends engine.AsciiSession {
  readonly #record: Record44;
  isReady = false;
  isStopped = false;

  constructor(config: IJsFixConfig, record: Record44) {
    super(config);
    this.#record = record;
  }

  say(msgType: string, fields: Record<string, unknown>): void {
    this.send(msgType, fields);
  }

  protected override onApplicationMsg(msgType: string, view: MsgView): void {
    const fields = view.toObject() as Fields44;
    this.#record.heard.push({ msgType, fields, isPossDup: view.getTyped('PossDupFlag') === true });
  }

  protected override onReady(): void {
    this.isReady = true;
  }

  protected override onStopped(error?: Error): void {
    this.isStopped = true;
    this.#record.stops.push(error);
  }

  protected override onLogon(): boolean {
    return true;
  }

  protected override onDecoded(msgType: string): void {
    this.#record.received.push(msgType);
  }

  protected override onEncoded(msgType: string): void {
    this.#record.sent.push(msgType);
  }
}

/** Makes the session that the engine runs, with the store that outlives it. */
class Launcher extends engine.SessionLauncher {
  session: MemberSession | undefined;
  readonly #record: Record44;
  readonly #store: IFixSessionStore;

  constructor(description: ISessionDescription, record: Record44, store: IFixSessionStore) {
    super(description, null, new engine.EmptyLogFactory());
    this.#record = record;
    this.#store = store;
  }

  protected override makeFactory(config: IJsFixConfig) {
    config.sessionStoreFactory = { create: () => this.#store };
    const makeSession = (): MemberSession => {
      this.session = new MemberSession(config, this.#record);
      return this.session;
    };
    return { makeSession };
  }
}

/** One member, over as many connections as it takes; numbers are kept between them. */
export class JspurefixMember {
  readonly identity: MemberIdentity;
  readonly #record: Record44 = { heard: [], received: [], sent: [], stops: [] };
  readonly #store: IFixSessionStore;
  readonly #heartBtInt: number;
  #launcher: Launcher | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #taken = 0;

  constructor(identity: MemberIdentity, heartBtInt: number) {
    this.identity = identity;
    this.#heartBtInt = heartBtInt;
    const sessionId = new engine.SessionId('FIX.4.4', String(identity.senderCompId), 'ONEBOOK');
    this.#store = new engine.MemorySessionStore(sessionId);
  }

  /** Connects, logs on with the numbers that it has and waits until the engine is satisfied. */
  async logon(port: number): Promise<void> {
    const { senderCompId, username, password } = this.identity;
    const application = {
      type: 'initiator',
      name: username,
      protocol: 'ascii',
      dictionary: DICTIONARY,
      resilient: false,
      reconnectSeconds: 1,
      tcp: { host: '127.0.0.1', port },
    };
    const description = {
      application,
      SenderCompId: String(senderCompId),
      TargetCompID: 'ONEBOOK',
      Username: username,
      Password: password,
      BeginString: 'FIX.4.4',
      HeartBtInt: this.#heartBtInt,
      ResetSeqNumFlag: false,
    };
    const launcher = new Launcher(description as unknown as ISessionDescription, this.#record, this.#store);
    this.#launcher = launcher;
    this.#ended = launcher.run().catch((error: unknown) => error);
    await until(`the Logon of ${username}`, () => launcher.session?.isReady);
  }

  /** Logs out as the engine does it and waits for the end of its session. */
  async logout(): Promise<void> {
    this.#launcher?.session?.done();
    await this.#ended;
  }

  get isOn(): boolean {
    const session = this.#launcher?.session;
    return session?.isReady === true && !session.isStopped;
  }

  /** Everything that it was told, in order. */
  get heard(): readonly Understood[] {
    return this.#record.heard;
  }

  /** Why its sessions ended; undefined for an end in order. */
  get stops(): readonly (Error | undefined)[] {
    return this.#record.stops;
  }

  /** The venue was killed: how the sessions until now ended is its fault, and no news. */
  stopsAreExpected(): void {
    this.#record.stops.length = 0;
  }

  /** How many messages of a type came in or went out. */
  count(direction: 'received' | 'sent', msgType: string): number {
    return this.#record[direction].filter((type) => type === msgType).length;
  }

  /** Forgets the venue's messages from this number on, so that the engine will ask for them. */
  async forgetFrom(msgSeqNum: number): Promise<void> {
    await this.#store.setTargetSeqNum(msgSeqNum);
  }

  /** The number that the engine expects next. */
  get expectedSeqNum(): number {
    return this.#store.targetSeqNum;
  }

  /** Takes the next message; fails when none comes. */
  async next(): Promise<Understood> {
    const index = this.#taken;
    this.#taken += 1;
    return until(`message ${index + 1} of ${this.identity.username}`, () => this.#record.heard[index]);
  }

  /** Sends a limit order (D). */
  order(order: JsOrder): void {
    this.#say('D', bodyOf(order));
  }

  /** Sends a cancel (F). */
  cancel(clOrdId: string, order: JsOrder): void {
    const { Instrument, Side, TransactTime, OrderQtyData } = bodyOf(order);
    this.#say('F', {
      OrigClOrdID: order.clOrdId,
      ClOrdID: clOrdId,
      Instrument,
      Side,
      TransactTime,
      OrderQtyData,
    });
  }

  /** Sends a replace (G) with the terms of `order`. */
  replace(origClOrdId: string, order: JsOrder): void {
    this.#say('G', { OrigClOrdID: origClOrdId, ...bodyOf(order) });
  }

  #say(msgType: string, fields: Record<string, unknown>): void {
    const session = this.#launcher?.session;
    if (session === undefined) throw new Error('log on first');
    session.say(msgType, fields);
  }
}

function bodyOf(order: JsOrder) {
  return {
    ClOrdID: order.clOrdId,
    HandlInst: '1',
    Instrument: { Symbol: order.symbol },
    Side: order.side,
    TransactTime: new Date(systemClock.now()),
    OrderQtyData: { OrderQty: order.orderQty },
    OrdType: '2',
    Price: order.price,
    TimeInForce: order.timeInForce ?? '1',
  };
}
