/**
 * A TCP proxy before Postgres that stops the venue at an exact point of one transaction: recognised by its
 * statements, held before its COMMIT reaches the server or when the server has answered and the venue has not
 * heard it. A process that is killed there is killed between two instructions of the test's choice.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A transaction as far as the venue has sent it. */
export interface Transaction {
  readonly statements: readonly string[];
  /** All parameters in one text, for a look at whose rows they are. */
  readonly parameters: string;
}

/** Where a transaction stops: before the server has its COMMIT, or before the venue has the answer to it. */
export type HoldPoint = 'before COMMIT' | 'after COMMIT';

/** Transactions that are held, or will be. */
export interface Hold {
  /** How many are held now; for `after COMMIT`, how many of them the server has committed. */
  readonly count: number;
  /** Lets them go on, and holds no more. */
  release(): void;
}

export interface PostgresGate {
  /** The database's URL through the gate. */
  readonly url: string;
  /** Holds every transaction that `isMeant`, but for the first `spared`. One hold at a time. */
  hold(point: HoldPoint, isMeant: (transaction: Transaction) => boolean, spared?: number): Hold;
  close(): Promise<void>;
}

interface Plan {
  readonly point: HoldPoint;
  readonly isMeant: (transaction: Transaction) => boolean;
  spared: number;
  readonly held: Set<Connection>;
}

export async function postgresGate(databaseUrl: string): Promise<PostgresGate> {
  const target = new URL(databaseUrl);
  const connections = new Set<Connection>();
  let plan: Plan | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const connection = new Connection(client, upstream, () => plan);
    connections.add(connection);
    client.once('close', () => {
      connections.delete(connection);
      plan?.held.delete(connection);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    hold(point, isMeant, spared = 0) {
      const made: Plan = { point, isMeant, spared, held: new Set() };
      plan = made;
      return {
        get count() {
          return [...made.held].filter(({ isStopped }) => isStopped).length;
        },
        release() {
          if (plan === made) plan = undefined;
          for (const connection of made.held) connection.goOn();
          made.held.clear();
        },
      };
    },
    async close() {
      for (const connection of connections) connection.cut();
      server.close();
      await once(server, 'close');
    },
  };
}

const TYPE_AND_LENGTH_BYTES = 5;

/** One connection of the venue's pool. */
class Connection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #planNow: () => Plan | undefined;
  readonly #prepared = new Map<string, string>();
  #unread: Buffer = Buffer.alloc(0);
  #hasBegun = false;
  #statements: string[] = [];
  #parameters = '';
  /** What the server has not been given. */
  #heldBack: Buffer[] | undefined;
  /** What the venue has not been given. */
  #heldAnswer: Buffer[] | undefined;
  #isAnswered = false;

  constructor(client: Socket, upstream: Socket, planNow: () => Plan | undefined) {
    this.#client = client;
    this.#upstream = upstream;
    this.#planNow = planNow;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      // A venue that is dead must not commit after its death: what is held back goes with the connection.
      socket.on('close', () => this.cut());
    }
    client.on('data', (chunk: Buffer) => this.#takeRequest(chunk));
    upstream.on('data', (chunk: Buffer) => this.#takeAnswer(chunk));
  }

  /** Whether the transaction has come to the point where it is held. */
  get isStopped(): boolean {
    return this.#heldBack !== undefined || this.#isAnswered;
  }

  goOn(): void {
    const [back, answer] = [this.#heldBack ?? [], this.#heldAnswer ?? []];
    this.#heldBack = undefined;
    this.#heldAnswer = undefined;
    this.#isAnswered = false;
    for (const chunk of back) this.#upstream.write(chunk);
    for (const chunk of answer) this.#client.write(chunk);
  }

  cut(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #takeRequest(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (let message = this.#nextMessage(); message !== undefined; message = this.#nextMessage()) {
      this.#note(message);
      if (this.#heldBack === undefined) this.#upstream.write(message);
      else this.#heldBack.push(message);
    }
  }

  /** The next whole message of the frontend. The very first has no type, only a length. */
  #nextMessage(): Buffer | undefined {
    const lengthAt = this.#hasBegun ? 1 : 0;
    if (this.#unread.length < TYPE_AND_LENGTH_BYTES) return undefined;
    const end = lengthAt + this.#unread.readInt32BE(lengthAt);
    if (this.#unread.length < end) return undefined;
    const message = this.#unread.subarray(0, end);
    this.#unread = this.#unread.subarray(end);
    this.#hasBegun = true;
    return message;
  }

  #note(message: Buffer): void {
    const texts = message.subarray(TYPE_AND_LENGTH_BYTES).toString('latin1').split('\0');
    switch (String.fromCharCode(message[0] ?? 0)) {
      case 'Q':
        this.#noteStatement(texts[0] ?? '', '');
        return;
      case 'P':
        this.#prepared.set(texts[0] ?? '', texts[1] ?? '');
        return;
      case 'B':
        this.#noteStatement(this.#prepared.get(texts[1] ?? '') ?? '', texts.slice(2).join(' '));
        return;
      default:
        return;
    }
  }

  #noteStatement(text: string, parameters: string): void {
    if (text.startsWith('begin')) {
      this.#statements = [];
      this.#parameters = '';
    } else if (text === 'commit') {
      this.#judgeCommit();
    } else {
      this.#statements.push(text);
      this.#parameters += ` ${parameters}`;
    }
  }

  #judgeCommit(): void {
    const plan = this.#planNow();
    if (plan === undefined) return;
    if (!plan.isMeant({ statements: this.#statements, parameters: this.#parameters })) return;
    if (plan.spared > 0) {
      plan.spared -= 1;
      return;
    }
    plan.held.add(this);
    if (plan.point === 'before COMMIT') this.#heldBack = [];
    else this.#heldAnswer = [];
  }

  #takeAnswer(chunk: Buffer): void {
    if (this.#heldAnswer === undefined) {
      this.#client.write(chunk);
      return;
    }
    this.#heldAnswer.push(chunk);
    if (Buffer.concat(this.#heldAnswer).includes('COMMIT\0')) this.#isAnswered = true;
  }
}

// ---- What transactions of the venue are about -----------------------------------------------------------------

/** Stores messages that were sent, those of this member if one is named. */
export function storesMessages(senderCompId?: number): (transaction: Transaction) => boolean {
  return (transaction) =>
    hasText(transaction, 'sent_messages as') &&
    (senderCompId === undefined || hasNumber(transaction, senderCompId));
}

/** Writes down that this member's session has ended in order. */
export function endsSessionOf(senderCompId: number): (transaction: Transaction) => boolean {
  return (transaction) => {
    if (!hasText(transaction, 'session_numbers as')) return false;
    const columns = [...transaction.parameters.matchAll(/\{([^{}]*)\}/g)].map(([, list = '']) =>
      list.split(','),
    );
    const idsAt = columns.findIndex((column) => column.includes(String(senderCompId)));
    const row = columns[idsAt]?.indexOf(String(senderCompId)) ?? -1;
    return columns[idsAt + CLEAN_AFTER_ID]?.[row] === 'true';
  };
}

/** Columns from `sender_comp_id` to `clean` in what the venue writes of a session. */
const CLEAN_AFTER_ID = 4;

/** Contains executions or refusals that members will be told. */
export function containsReports(transaction: Transaction): boolean {
  return hasText(transaction, 'new_orders as') || hasText(transaction, 'new_reports as');
}

/** Opens the session of one of these members, with or without a reset. */
export function opensSessionOf(...senderCompIds: readonly number[]): (transaction: Transaction) => boolean {
  return (transaction) =>
    hasText(transaction, 'insert into fix_sessions as') &&
    senderCompIds.some((senderCompId) => hasNumber(transaction, senderCompId));
}

/** Reads what was sent to this member, for a resend. */
export function readsMessagesOf(senderCompId: number): (transaction: Transaction) => boolean {
  return (transaction) => hasText(transaction, 'from fix_messages') && hasNumber(transaction, senderCompId);
}

function hasText({ statements }: Transaction, text: string): boolean {
  return statements.some((statement) => statement.includes(text));
}

function hasNumber({ parameters }: Transaction, number: number): boolean {
  return new RegExp(`(?<!\\d)${number}(?!\\d)`).test(parameters);
}
