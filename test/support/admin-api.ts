/**
 * The admin API on a real database with a venue in front of it that only remembers what it was told, so that a
 * test sees what operators get and what actors would.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import type { Address, Message, Reply } from '../../src/actors/protocol.ts';
import { NO_BOOKS } from '../../src/admin/books-status.ts';
import type { ClusterControl } from '../../src/admin/cluster-control.ts';
import type { VenueControl, VenueStatus } from '../../src/admin/control.ts';
import { buildAdminServer } from '../../src/admin/server.ts';
import { connect, migrate } from '../../src/persistence/orm.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { testDatabase } from './database.ts';

export const ADMIN_TOKEN = 'ab'.repeat(32);

export interface Told {
  readonly address: Address;
  readonly message: Message;
}

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What a fake venue says about itself until a test changes it. */
export const IDLE_STATUS: VenueStatus = {
  node: 'local',
  venueCompId: 'ONEBOOK',
  uptimeMs: 1,
  draining: false,
  database: { up: true },
  fixPort: 9880,
  listeners: [],
  sessions: [],
  symbols: [],
  commits: { lastNo: 0, lastBatch: 0 },
  commandsInFlight: 0,
};

/** The exchange takes new terms of an instrument; nobody else is there. */
function termsOnly({ type }: Message): Reply {
  if (type === 'InstrumentChanged') return { type: 'TermsInForce' };
  throw new Error('no answer within 1 ms');
}

export class AdminApi {
  readonly orm: MikroORM;
  /** Everything told to actors, in order. */
  readonly told: Told[] = [];
  /** Everything logged. */
  readonly logged: { readonly event: string; readonly fields: LogFields | undefined }[] = [];
  /** The time, ms since the epoch. */
  now = Date.UTC(2026, 2, 2);
  status: VenueStatus = IDLE_STATUS;
  readiness: Awaited<ReturnType<VenueControl['readiness']>> = { ready: true, reasons: [], books: NO_BOOKS };
  /** The cluster that the node is in; undefined: none. */
  cluster: ClusterControl | undefined;
  /** What the actors answer to a message that waits; throws when nobody would. */
  reply: (message: Message) => Reply | Promise<Reply> = termsOnly;
  /** What the database says when it is asked whether it is there. */
  databaseFault: VenueControl['databaseFault'] = async () => undefined;
  /** What the venue does with a message beside remembering it. */
  take: (message: Message) => void = (message) => this.obey(message);
  readonly #app: FastifyInstance;
  readonly #drop: () => Promise<void>;

  private constructor(orm: MikroORM, drop: () => Promise<void>) {
    this.orm = orm;
    this.#drop = drop;
    this.#app = buildAdminServer({
      token: ADMIN_TOKEN,
      control: this.#control(),
      log: this.#log(),
      limits: { maxAdminBodyBytes: 4_096, maxAdminRows: 5 },
    });
  }

  /** Over a fresh, migrated database. */
  static async start(): Promise<AdminApi> {
    const database = await testDatabase();
    const orm = await connect(database.url);
    await migrate(orm);
    return new AdminApi(orm, async () => {
      await orm.close(true);
      await database.drop();
    });
  }

  async stop(): Promise<void> {
    await this.#app.close();
    await this.#drop();
  }

  get(url: string): Promise<Answered> {
    return this.call('GET', url);
  }

  post(url: string, body?: object): Promise<Answered> {
    return this.call('POST', url, body);
  }

  /** One request, with the right token unless `headers` says else. */
  async call(method: 'GET' | 'POST', url: string, body?: object | string, headers = {}): Promise<Answered> {
    const response = await this.#app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: response.statusCode, body: response.json() };
  }

  /** Forgets everything but the venue's own user, as after `start`; faster than another database. */
  async reset(): Promise<void> {
    await this.rows(
      `set local onebook.append_only = 'off';
       truncate audit, trade_amendments, trades, transfers, balances, orders, accounts, books, instruments,
         nodes, fix_sessions;
       delete from users where status <> 'venue'`,
    );
    this.told.length = 0;
    this.logged.length = 0;
    this.reply = termsOnly;
    this.take = (message) => this.obey(message);
    this.status = IDLE_STATUS;
    this.cluster = undefined;
  }

  /** Takes the database away from under the API. */
  async loseDatabase(): Promise<void> {
    await this.#drop();
  }

  /** Rows of a statement, for what the API does not show. */
  async rows(statement: string): Promise<Record<string, unknown>[]> {
    return this.orm.em.getConnection().execute(statement);
  }

  #control(): VenueControl {
    const told = this.told;
    const tell: VenueControl['tell'] = (address, message) => {
      told.push({ address, message });
      this.take(message);
    };
    const cluster = (): ClusterControl | undefined => this.cluster;
    return {
      orm: this.orm,
      get cluster() {
        return cluster();
      },
      now: () => this.now,
      gatewayName: 'fix',
      tell,
      ask: async (tellIt) => {
        tellIt({ type: 'reply', requestId: 'r' });
        const last = told.at(-1);
        if (last === undefined) throw new Error('nothing was told');
        return this.reply(last.message);
      },
      metrics: { contentType: 'text/plain', text: async () => 'up 1\n' },
      status: () => this.status,
      databaseFault: () => this.databaseFault(),
      readiness: async () => this.readiness,
      hashPassword: async (password) => `$fake$${password.length}`,
    };
  }

  /** Opens new symbols and logs members out, as exchange and gateway do. */
  obey(message: Message): void {
    if (message.type === 'InstrumentChanged') this.#open(message.symbol);
    if (message.type === 'LogoutMember') this.#logOut(message.senderCompId);
  }

  /** As the exchange does when it has read the rows of a new instrument. */
  #open(symbol: string): void {
    const opened = { symbol, status: { type: 'Open' }, ready: true, referencePrice: undefined } as const;
    this.status = { ...this.status, symbols: [...this.status.symbols, opened] };
  }

  #logOut(senderCompId: number): void {
    const sessions = this.status.sessions.filter(({ compId }) => compId !== senderCompId);
    this.status = { ...this.status, sessions };
  }

  #log(): Log {
    const write = (event: string, fields?: LogFields): void => {
      this.logged.push({ event, fields });
    };
    const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
    return log;
  }
}
