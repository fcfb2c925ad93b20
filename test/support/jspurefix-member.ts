/**
 * A member that uses jspurefix, a FIX engine that others wrote: it frames, parses, validates and numbers with its
 * own code and, unless told otherwise, its own FIX.4.4 dictionary. What it hears is kept as its parser understood it.
 */
import { createRequire } from 'node:module';
import type { ConnectionOptions } from 'node:tls';
import type { IFixSessionStore, IJsFixConfig, ISessionDescription, MsgView } from 'jspurefix';
import { APPL_VER_ID_50SP2, beginStringOf, type FixVersion } from '../../src/fix/version.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { MemberIdentity } from './recording-member.ts';
import { until } from './until.ts';

// Its dependency injection wants a polyfill that is its dependency, not ours, before it is loaded.
const requireAsEngine = createRequire(import.meta.resolve('jspurefix'));
requireAsEngine('reflect-metadata');
const engine: typeof import('jspurefix') = requireAsEngine('jspurefix');

// It would read its dictionary again for every connection: that of FIX.5.0SP2 takes seconds.
const definitions = new Map<
  string,
  ReturnType<InstanceType<typeof engine.DefinitionFactory>['getDefinitions']>
>();
const { getDefinitions } = engine.DefinitionFactory.prototype;
engine.DefinitionFactory.prototype.getDefinitions = function (path, getLogger) {
  const known = definitions.get(path) ?? getDefinitions.call(this, path, getLogger);
  definitions.set(path, known);
  return known;
};

/** How an engine is set up; FIX.4.4 over plain TCP by default. */
export interface EngineOptions {
  readonly version?: FixVersion;
  /** A name that the engine knows, or the path of a dictionary in QuickFIX's format. */
  readonly dictionary?: string;
  /** Whether the dictionary has Symbol (55) and OrderQty (38) in components, as FIX 4.3 and later do; true by default. */
  readonly hasComponents?: boolean;
  /** The authorities that it trusts, for TLS by the engine itself. */
  readonly tls?: Pick<ConnectionOptions, 'ca'>;
  /** How long it tries to connect; 22 by default. */
  readonly connectTimeoutSeconds?: number;
}

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
      | 'LastShares'
      | 'LastLiquidityInd'
      | 'LastPx'
      | 'LastQty'
      | 'LeavesQty'
      | 'MiscFeesGrp'
      | 'NoMiscFees'
      | 'OrderID'
      | 'OrderQty'
      | 'OrderQtyData'
      | 'OrdRejReason'
      | 'OrdStatus'
      | 'OrdType'
      | 'OrigClOrdID'
      | 'Price'
      | 'SecondaryExecID'
      | 'ExecTransType'
      | 'Side'
      | 'Symbol'
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
  /** Text of a field, wherever its dictionary has it; of one that comes more than once, the first. */
  text(tag: number): string | undefined;
  /** The whole message. */
  readonly allText: string;
  /** Fields that the engine's dictionary does not have in such a message, in words; undefined when it has all. */
  readonly undefinedFields: string | undefined;
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

  /** Name of a field in the engine's dictionary. */
  nameOf(tag: number): string {
    const name = this.config.definitions.tagToSimple[tag]?.name;
    if (name === undefined) throw new Error(`the engine's dictionary has no field ${tag}`);
    return name;
  }

  protected override onApplicationMsg(msgType: string, view: MsgView): void {
    this.#record.heard.push(understood(msgType, view));
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
  readonly #options: EngineOptions;
  #launcher: Launcher | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #taken = 0;

  constructor(identity: MemberIdentity, heartBtInt: number, options: EngineOptions = {}) {
    this.identity = identity;
    this.#heartBtInt = heartBtInt;
    this.#options = options;
    const sessionId = new engine.SessionId(this.#beginString, String(identity.senderCompId), 'ONEBOOK');
    this.#store = new engine.MemorySessionStore(sessionId);
  }

  /** Connects, logs on with the numbers that it has and waits until the engine is satisfied; fails when it is not. */
  async logon(port: number): Promise<void> {
    const { senderCompId, username, password } = this.identity;
    const { dictionary = DICTIONARY, tls, connectTimeoutSeconds = 22, version } = this.#options;
    const application = {
      type: 'initiator',
      name: username,
      protocol: 'ascii',
      dictionary,
      resilient: false,
      reconnectSeconds: 1,
      connectTimeoutSeconds,
      tcp: { host: '127.0.0.1', port, ...(tls && { tls: { nodeTlsConnectionOptions: tls } }) },
    };
    const description = {
      application,
      SenderCompId: String(senderCompId),
      TargetCompID: 'ONEBOOK',
      Username: username,
      Password: password,
      BeginString: this.#beginString,
      HeartBtInt: this.#heartBtInt,
      ResetSeqNumFlag: false,
      ...(version === 'FIX.5.0SP2' && { Logon: { DefaultApplVerID: APPL_VER_ID_50SP2 } }),
    };
    const launcher = new Launcher(description as unknown as ISessionDescription, this.#record, this.#store);
    this.#launcher = launcher;
    let failure: unknown;
    this.#ended = launcher.run().catch((error: unknown) => {
      failure = error;
    });
    await until(`the Logon of ${username}`, () => launcher.session?.isReady || failure !== undefined);
    if (failure !== undefined) throw failure;
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
    this.#say('D', this.#bodyOf(order));
  }

  /** Sends a cancel (F). */
  cancel(clOrdId: string, order: JsOrder): void {
    const { HandlInst, OrdType, Price, TimeInForce, ...terms } = this.#bodyOf(order);
    this.#say('F', { ...terms, OrigClOrdID: order.clOrdId, ClOrdID: clOrdId });
  }

  /** Sends a replace (G) with the terms of `order`. */
  replace(origClOrdId: string, order: JsOrder): void {
    this.#say('G', { OrigClOrdID: origClOrdId, ...this.#bodyOf(order) });
  }

  /** Sends a message of fields by tag, for an engine whose dictionary has no components. */
  send(msgType: string, fields: readonly (readonly [tag: number, value: string])[]): void {
    const session = this.#session;
    this.#say(msgType, Object.fromEntries(fields.map(([tag, value]) => [session.nameOf(tag), value])));
  }

  get #beginString(): string {
    return beginStringOf(this.#options.version ?? 'FIX.4.4');
  }

  #bodyOf(order: JsOrder) {
    const [symbol, quantity] = [{ Symbol: order.symbol }, { OrderQty: order.orderQty }];
    const { hasComponents = true } = this.#options;
    return {
      ClOrdID: order.clOrdId,
      HandlInst: '1',
      ...(hasComponents ? { Instrument: symbol, OrderQtyData: quantity } : { ...symbol, ...quantity }),
      Side: order.side,
      TransactTime: new Date(systemClock.now()),
      OrdType: '2',
      Price: order.price,
      TimeInForce: order.timeInForce ?? '1',
    };
  }

  get #session(): MemberSession {
    const session = this.#launcher?.session;
    if (session === undefined) throw new Error('log on first');
    return session;
  }

  #say(msgType: string, fields: Record<string, unknown>): void {
    this.#session.say(msgType, fields);
  }
}

/** What the engine hands over is a view of its buffer, which the next message overwrites. */
function understood(msgType: string, view: MsgView): Understood {
  const kept = view.clone();
  return {
    msgType,
    fields: kept.toObject() as Fields44,
    isPossDup: kept.getTyped('PossDupFlag') === true,
    text: (tag) => kept.getString(tag) ?? undefined,
    allText: kept.toString(),
    undefinedFields: kept.undefinedForMsg() ?? undefined,
  };
}

/** A field of a report wherever the dictionary has it: in the message, or in its components. */
export function fieldValue({ fields }: Understood, name: keyof Fields44 & string): unknown {
  const { Instrument, OrderQtyData } = fields;
  const everything: Fields44 = { ...asFields(Instrument), ...asFields(OrderQtyData), ...fields };
  return everything[name];
}

function asFields(component: unknown): Fields44 {
  return typeof component === 'object' && component !== null ? component : {};
}
