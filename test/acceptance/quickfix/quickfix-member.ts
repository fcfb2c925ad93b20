/**
 * A member that uses QuickFIX/C++: tells the client process what to do and keeps what its engine says, hears and
 * thinks. Numbers and messages are in the engine's own file store, and outlive the process.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import { utcTimestamp } from '../../../src/fix/timestamp.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import type { MemberIdentity } from '../../support/recording-member.ts';
import { until } from '../../support/until.ts';

const SOH = '\x01';
/** BusinessMessageReject and Reject: neither side may send one that no test asked for. */
const REJECTS = [MSG_TYPE.Reject, MSG_TYPE.BusinessMessageReject];
const COMPLAINT = /invalid|reject|required|incorrect/i;

/** A message by tag; of a field that comes more than once, the first. */
export interface Message extends ReadonlyMap<number, string> {
  /** All fields in the order of the message, those of repeating groups too. */
  readonly fields: readonly Field[];
}
export type Field = readonly [tag: number, value: string];

class ReadMessage extends Map<number, string> implements Message {
  readonly fields: readonly Field[];

  constructor(fields: readonly Field[]) {
    super([...fields].reverse());
    this.fields = fields;
  }
}

/** Numbers of both sides as the engine has them. */
export interface Numbers {
  readonly nextToSend: number;
  readonly nextExpected: number;
}

/** The terms of an order. */
export interface Order {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: '1' | '2';
  readonly orderQty: string;
  readonly price: string;
}

/** How the client is run. */
export interface MemberOptions {
  readonly identity: MemberIdentity;
  /** The compiled client. */
  readonly program: string;
  readonly transport: 'tcp' | 'tls';
  /** Holds the settings file and the engine's store. */
  readonly directory: string;
}

/** One member, over as many connections and processes as it takes. */
export class QuickFixMember {
  readonly identity: MemberIdentity;
  /** Application messages that the engine found valid and in order. */
  readonly heard: Message[] = [];
  /** What went over the wire. */
  readonly received: Message[] = [];
  readonly sent: Message[] = [];
  /** The engine's own log. */
  readonly events: string[] = [];
  readonly #options: MemberOptions;
  readonly #numbers: Numbers[] = [];
  #client: ChildProcessWithoutNullStreams | undefined;
  #complaints = '';
  #isOn = false;
  #taken = 0;

  constructor(options: MemberOptions) {
    this.identity = options.identity;
    this.#options = options;
  }

  /** Where the engine keeps its numbers and messages. */
  get storePath(): string {
    return join(this.#options.directory, 'store');
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Starts the process on these settings; the member stays away until it is told to log on. */
  async start(settings: string): Promise<void> {
    const { program, transport, directory, identity } = this.#options;
    await mkdir(this.storePath, { recursive: true });
    const file = join(directory, 'settings.cfg');
    await writeFile(file, settings);
    const client = spawn(program, [file, transport]);
    this.#client = client;
    let rest = '';
    client.stdout.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#note(line);
    });
    client.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    // What is written to a client that has ended is of no consequence: whoever waits for an answer fails.
    client.stdin.on('error', () => {});
    this.#tell(`credentials ${identity.username} ${identity.password}`);
  }

  /** Lets the engine connect, and connect again whenever the connection is lost. */
  beOn(): void {
    this.#tell('logon');
  }

  /** Connects and waits until the engine is satisfied. */
  async logon(): Promise<void> {
    this.beOn();
    await this.untilOn();
  }

  /** Waits until the engine is logged on. */
  async untilOn(): Promise<void> {
    await until(`the Logon of ${this.#name}`, () => {
      this.#mustLive();
      return this.#isOn;
    });
  }

  /** Waits until the engine has noticed that its session is over. */
  async untilOff(): Promise<void> {
    await until(`the end of the session of ${this.#name}`, () => !this.#isOn);
  }

  /** Logs out and waits until the engine has closed its session. */
  async logout(): Promise<void> {
    this.#tell('logout');
    await this.untilOff();
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end((client) => client.kill('SIGKILL'));
  }

  /** Lets the process come to its end. */
  async stop(): Promise<void> {
    await this.#end((client) => client.stdin.end());
  }

  /** Stops the process where it is: it neither hears nor says anything, and its connection stays. */
  freeze(): void {
    this.#client?.kill('SIGSTOP');
  }

  /** Lets it go on. */
  thaw(): void {
    this.#client?.kill('SIGCONT');
  }

  /** Makes this the number that the engine expects next: it will ask for what the venue has sent since. */
  forgetFrom(msgSeqNum: number): void {
    this.#tell(`expect ${msgSeqNum}`);
  }

  /** Asks the engine for its numbers. */
  async numbers(): Promise<Numbers> {
    const count = this.#numbers.length;
    this.#tell('numbers');
    return until(`the numbers of ${this.#name}`, () => this.#numbers[count]);
  }

  /** Takes the next application message; fails when none comes. */
  async next(): Promise<Message> {
    const index = this.#taken;
    this.#taken += 1;
    return until(`message ${index + 1} of ${this.#name}`, () => this.heard[index]);
  }

  /** Whether there is an application message that was not taken. */
  get hasMore(): boolean {
    return this.#taken < this.heard.length;
  }

  /** Messages of a type among those that came in or went out. */
  wire(direction: 'received' | 'sent', msgType: string): readonly Message[] {
    return this[direction].filter((message) => message.get(TAG.MsgType) === msgType);
  }

  /** What the engine did not like: its Rejects (3, j), and complaints in its log. */
  get complaints(): readonly string[] {
    const rejects = REJECTS.flatMap((msgType) => this.wire('sent', msgType));
    return [...rejects.map(textOf), ...this.events.filter((event) => COMPLAINT.test(event))];
  }

  /** What the venue did not like. */
  get rejects(): readonly Message[] {
    return REJECTS.flatMap((msgType) => this.wire('received', msgType));
  }

  /** Sends a limit order (D), good till cancel. */
  order(order: Order): void {
    this.send(MSG_TYPE.NewOrderSingle, bodyOf(order));
  }

  /** Sends a replace (G) with the terms of `order`. */
  replace(origClOrdId: string, order: Order): void {
    this.send(MSG_TYPE.OrderCancelReplaceRequest, { [TAG.OrigClOrdID]: origClOrdId, ...bodyOf(order) });
  }

  /** Sends a cancel (F). */
  cancel(clOrdId: string, { clOrdId: origClOrdId, symbol, side, orderQty }: Order): void {
    this.send(MSG_TYPE.OrderCancelRequest, {
      [TAG.OrigClOrdID]: origClOrdId,
      [TAG.ClOrdID]: clOrdId,
      [TAG.Symbol]: symbol,
      [TAG.Side]: side,
      [TAG.OrderQty]: orderQty,
      [TAG.TransactTime]: utcTimestamp(systemClock.now()),
    });
  }

  /** Sends a message; without a connection the engine numbers and keeps it. */
  send(msgType: string, body: Readonly<Record<number, string>>): void {
    this.sendFields(
      msgType,
      Object.entries(body).map(([tag, value]) => [Number(tag), value]),
    );
  }

  /** Likewise, with the fields in an order. */
  sendFields(msgType: string, fields: readonly Field[]): void {
    const all: readonly Field[] = [[TAG.MsgType, msgType], ...fields];
    this.#tell(`send ${all.map(([tag, value]) => `${tag}=${value}`).join(SOH)}`);
  }

  get #name(): string {
    return this.identity.username;
  }

  #tell(command: string): void {
    this.#mustLive();
    this.#client?.stdin.write(`${command}\n`);
  }

  #mustLive(): void {
    if (this.#client === undefined || this.#client.exitCode !== null) {
      throw new Error(`the client of ${this.#name} is not running: ${this.#complaints}`);
    }
  }

  async #end(ask: (client: ChildProcessWithoutNullStreams) => void): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#isOn = false;
    if (client === undefined || client.exitCode !== null) return;
    const closed = once(client, 'close');
    ask(client);
    await closed;
    this.#isOn = false;
  }

  #note(line: string): void {
    const space = line.indexOf(' ');
    const word = space < 0 ? line : line.slice(0, space);
    const text = space < 0 ? '' : line.slice(space + 1);
    if (word === 'on') this.#isOn = true;
    else if (word === 'off') this.#isOn = false;
    else if (word === 'in') this.received.push(messageOf(text));
    else if (word === 'out') this.sent.push(messageOf(text));
    else if (word === 'app') this.heard.push(messageOf(text));
    else if (word === 'event') this.events.push(text);
    else if (word === 'Certificate') this.events.push(line);
    else if (word === 'numbers') {
      const [nextToSend = 0, nextExpected = 0] = text.split(' ').map(Number);
      this.#numbers.push({ nextToSend, nextExpected });
    } else throw new Error(`the client of ${this.#name} said: ${line}`);
  }
}

function bodyOf({ clOrdId, symbol, side, orderQty, price }: Order): Record<number, string> {
  return {
    [TAG.ClOrdID]: clOrdId,
    [TAG.HandlInst]: '1',
    [TAG.Symbol]: symbol,
    [TAG.Side]: side,
    [TAG.OrderQty]: orderQty,
    [TAG.OrdType]: '2',
    [TAG.Price]: price,
    [TAG.TimeInForce]: '1',
    [TAG.TransactTime]: utcTimestamp(systemClock.now()),
  };
}

const TRANSPORT_TAGS: ReadonlySet<number> = new Set([
  TAG.BodyLength,
  TAG.CheckSum,
  TAG.OrigSendingTime,
  TAG.PossDupFlag,
  TAG.SendingTime,
]);

/** All but what a repetition changes. */
export function contentOf(message: Message): readonly Field[] {
  return message.fields.filter(([tag]) => !TRANSPORT_TAGS.has(tag));
}

/** A message in one line. */
export function textOf(message: Message): string {
  return message.fields.map(([tag, value]) => `${tag}=${value}`).join('|');
}

function messageOf(text: string): Message {
  const fields: Field[] = [];
  for (const field of text.split(SOH)) {
    const equals = field.indexOf('=');
    if (equals > 0) fields.push([Number(field.slice(0, equals)), field.slice(equals + 1)]);
  }
  return new ReadMessage(fields);
}
