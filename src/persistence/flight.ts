/**
 * A transaction in one flight: from BEGIN to COMMIT everything is sent at once, so that it costs one round trip and
 * the server never waits for us between its statements. Apart from `sql.ts`, whose transactions are a conversation.
 *
 * It is one series of extended-protocol messages with a single Sync at its end: behind a statement that fails, the
 * server reads on to the Sync and runs nothing, COMMIT least of all. So whatever must stop a commit has to be an
 * error that a statement raises.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Connection, Submittable } from 'pg';
import type { PreparedStatement } from './sql.ts';

/** A prepared statement with its parameters. */
export interface Statement {
  readonly statement: PreparedStatement;
  readonly parameters: readonly string[];
}

/** How the transaction went. */
export type FlightOutcome =
  | { readonly type: 'Committed' }
  /** Nothing was written; the error is that of the statement that failed. */
  | { readonly type: 'Failed'; readonly error: unknown }
  /** The connection was lost in the flight: only the rows know. */
  | { readonly type: 'Unknown'; readonly error: unknown };

// Prepared as well, so that they travel in the series. The driver names what it prepares itself by other names.
const BEGIN: Statement = { statement: { name: 'begin', text: 'begin' }, parameters: [] };
const COMMIT: Statement = { statement: { name: 'commit', text: 'commit' }, parameters: [] };

/** What the server of a connection has parsed for flights, by name. */
const parsedOn = new WeakMap<Connection, Set<string>>();

/** Runs the statements as one transaction, without looking at their rows. Never throws. */
export async function inOneFlight(orm: MikroORM, statements: readonly Statement[]): Promise<FlightOutcome> {
  const flight = new Flight([BEGIN, ...statements, COMMIT]);
  try {
    const pool = await orm.em.getConnection().getNativeClient();
    const client = await pool.connect();
    client.query(flight);
    const fault = await flight.fault;
    if (fault === undefined) {
      client.release();
      return { type: 'Committed' };
    }
    // Answered behind all answers of the flight: then the transaction is over for certain.
    const isOver = await client.query('rollback').then(
      () => true,
      () => false,
    );
    // Which statements it has parsed is not known, so the connection is not used again.
    client.release(true);
    return { type: isOver || !flight.isSent ? 'Failed' : 'Unknown', error: fault.error };
  } catch (error) {
    return { type: 'Failed', error };
  }
}

/** What went wrong first. */
interface Fault {
  readonly error: unknown;
}

/** What the driver sends and tells of the answers. */
class Flight implements Submittable {
  /** Resolves when the flight is over: undefined when COMMIT has committed. */
  readonly fault: Promise<Fault | undefined>;
  readonly #statements: readonly Statement[];
  #end: (fault: Fault | undefined) => void = () => undefined;
  #isSent = false;
  #lastTag = '';

  constructor(statements: readonly Statement[]) {
    this.#statements = statements;
    this.fault = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** COMMIT may have reached the server. */
  get isSent(): boolean {
    return this.#isSent;
  }

  submit(connection: Connection): void {
    const parsed = parsedOn.get(connection);
    // One write for all of it.
    connection.stream.cork();
    try {
      for (const { statement, parameters } of this.#statements) {
        if (!parsed?.has(statement.name)) connection.parse({ ...statement, types: [] }, true);
        if (statement === COMMIT.statement) this.#isSent = true;
        connection.bind({ statement: statement.name, values: [...parameters] }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } catch (error) {
      // Half a flight must not be completed by whatever is sent next: the driver ends it with this error.
      connection.stream.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      connection.stream.uncork();
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#lastTag = text;
  }

  /** A statement that selects sends its rows, although nobody asked what they are. */
  handleDataRow(): void {}

  handleReadyForQuery(connection: Connection): void {
    if (this.#lastTag !== 'COMMIT') {
      this.#end({ error: new Error(`COMMIT was answered with ${this.#lastTag || 'nothing'}`) });
      return;
    }
    const parsed = parsedOn.get(connection) ?? new Set();
    for (const { statement } of this.#statements) parsed.add(statement.name);
    parsedOn.set(connection, parsed);
    this.#end(undefined);
  }

  handleError(error: unknown): void {
    this.#end({ error });
  }
}
