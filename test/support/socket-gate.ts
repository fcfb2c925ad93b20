/**
 * A TCP proxy before one member that can stop what the venue says on its way: it is on the wire, and the member
 * has not got it. It keeps every message that ever left the venue for this member, heard or not, and judges
 * whether a number was ever used for two of them.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A message on the wire, cut by hand: nothing here shares code with the venue. */
export interface WireMessage {
  readonly text: string;
  readonly msgType: string;
  readonly seqNum: number;
  get(tag: number): string | undefined;
}

const MSG_TYPE = 35;
const MSG_SEQ_NUM = 34;
const POSS_DUP_FLAG = 43;
const SENDING_TIME = 52;
const ORIG_SENDING_TIME = 122;
const RESET_SEQ_NUM_FLAG = 141;
/** They differ whenever a message goes out again. */
const CHANGING_TAGS: ReadonlySet<number> = new Set([9, 10, POSS_DUP_FLAG, SENDING_TIME, ORIG_SENDING_TIME]);
const SEQUENCE_RESET = '4';
const SOH = '\x01';
const FRAME_END = new RegExp(`${SOH}10=\\d{3}${SOH}`);

export class SocketGate {
  /** Where the member connects. */
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #venuePort = 0;
  /** Messages of each life of the numbers: a Logon with 141=Y begins the next. */
  readonly #lives: WireMessage[][] = [[]];
  #unread = '';
  /** So many messages still go through. */
  #allowed = Number.POSITIVE_INFINITY;
  #heldCount = 0;
  /** Past the allowance the gate does not even read, as a member whose buffers are full. */
  #stallsWhenFull = false;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (member) => this.#connect(member));
  }

  static async open(): Promise<SocketGate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SocketGate(server);
  }

  /** New connections go to this port of the venue, and everything passes again. */
  aimAt(venuePort: number): void {
    this.#venuePort = venuePort;
    this.#allowed = Number.POSITIVE_INFINITY;
    this.#stallsWhenFull = false;
    this.#heldCount = 0;
    this.#unread = '';
  }

  /** After `count` more messages the member gets nothing; the venue notices nothing. */
  holdAfter(count: number): void {
    this.#allowed = count;
  }

  /** After `count` more messages nobody reads what the venue says. */
  stallAfter(count: number): void {
    this.#allowed = count;
    this.#stallsWhenFull = true;
  }

  /** Reads what it left unread, and gives none of it to the member: how the end of a stalled connection is seen. */
  drain(): void {
    this.#stallsWhenFull = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Both sides have agreed, without a message, that numbers begin at 1 from here on. */
  beginLife(): void {
    this.#lives.push([]);
  }

  /** Messages that the venue has sent and the member has not got. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** Everything that the venue ever said to this member, over all lives of the numbers. */
  get wire(): readonly WireMessage[] {
    return this.#lives.flat();
  }

  /** What the venue did with its numbers that no venue may; empty when all is well. */
  get misusedNumbers(): readonly string[] {
    return this.#lives.flatMap(misusedIn);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(member: Socket): void {
    const venue = connect({ port: this.#venuePort, host: '127.0.0.1', noDelay: true });
    member.setNoDelay(true);
    for (const socket of [member, venue]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        // What has passed is still delivered; what is held never is.
        if (socket === venue) member.end();
        else venue.destroy();
      });
    }
    member.on('data', (bytes: Buffer) => venue.write(bytes));
    venue.on('data', (bytes: Buffer) => this.#take(bytes, member, venue));
  }

  #take(bytes: Buffer, member: Socket, venue: Socket): void {
    this.#unread += bytes.toString('latin1');
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) {
      this.#record(frame);
      if (this.#allowed > 0) {
        this.#allowed -= 1;
        member.write(Buffer.from(frame, 'latin1'));
      } else {
        this.#heldCount += 1;
        if (this.#stallsWhenFull) venue.pause();
      }
    }
  }

  #nextFrame(): string | undefined {
    const end = FRAME_END.exec(this.#unread);
    if (end === null) return undefined;
    const frame = this.#unread.slice(0, end.index + end[0].length);
    this.#unread = this.#unread.slice(frame.length);
    return frame;
  }

  #record(frame: string): void {
    const message = wireMessage(frame);
    if (message.msgType === 'A' && message.get(RESET_SEQ_NUM_FLAG) === 'Y') this.beginLife();
    this.#lives.at(-1)?.push(message);
  }
}

function wireMessage(frame: string): WireMessage {
  const fields = new Map<number, string>();
  for (const field of frame.split(SOH)) {
    const at = field.indexOf('=');
    const tag = Number(field.slice(0, at));
    if (at > 0 && !fields.has(tag)) fields.set(tag, field.slice(at + 1));
  }
  return {
    text: frame.replaceAll(SOH, '|'),
    msgType: fields.get(MSG_TYPE) ?? '',
    seqNum: Number(fields.get(MSG_SEQ_NUM)),
    get: (tag) => fields.get(tag),
  };
}

/** Within one life: a number is new once, and comes again only with 43=Y, 122 and the same content. */
function misusedIn(life: readonly WireMessage[]): string[] {
  const first = new Map<number, WireMessage>();
  const misused: string[] = [];
  for (const message of life) {
    const before = first.get(message.seqNum);
    const isRepeat = message.get(POSS_DUP_FLAG) === 'Y';
    if (isRepeat && message.get(ORIG_SENDING_TIME) === undefined)
      misused.push(`without 122: ${message.text}`);
    // A GapFill says that nothing comes under these numbers any more.
    if (isRepeat && message.msgType === SEQUENCE_RESET) continue;
    if (before === undefined) {
      first.set(message.seqNum, message);
    } else if (!isRepeat) {
      misused.push(`a number again: ${before.text} and ${message.text}`);
    } else if (contentOf(before) !== contentOf(message)) {
      misused.push(`another content: ${before.text} and ${message.text}`);
    } else if (message.get(ORIG_SENDING_TIME) !== originOf(before)) {
      misused.push(`another time: ${before.text} and ${message.text}`);
    }
  }
  return misused;
}

/** When the content was said for the first time. */
function originOf(message: WireMessage): string | undefined {
  return message.get(ORIG_SENDING_TIME) ?? message.get(SENDING_TIME);
}

function contentOf(message: WireMessage): string {
  return message.text
    .split('|')
    .filter((field) => !CHANGING_TAGS.has(Number.parseInt(field, 10)))
    .join('|');
}
