/**
 * How the admin API answers: a body, or a refusal with its HTTP status and one sentence. Operator actions
 * return refusals; only what nobody foresaw is thrown.
 */
import type { FastifyReply } from 'fastify';

/** 400 wrong input · 404 no such thing · 409 against the state of things · 503 not now · 504 no answer in time. */
export type RefusalStatus = 400 | 401 | 404 | 409 | 503 | 504;

/** Sent as `{ "error": … }`. */
export class Refusal {
  readonly status: RefusalStatus;
  readonly error: string;

  constructor(status: RefusalStatus, error: string) {
    this.status = status;
    this.error = error;
  }
}

/** Sends the body with `status`, or the refusal with its own; nothing when an answer was sent, since it came too late. */
export function answer(reply: FastifyReply, result: object | Refusal, status = 200): FastifyReply {
  if (reply.sent) return reply;
  if (result instanceof Refusal) return reply.code(result.status).send({ error: result.error });
  return reply.code(status).send(result);
}

/** SQLSTATE classes that pass by themselves: connection, rollback, resources, shutdown, system. */
const PASSING_CLASSES = ['08', '40', '53', '57', '58'];
const CONNECTION_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'ENOTFOUND'];

/** True when an error of the ORM means that the database is away, not that a row is wrong. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    if (CONNECTION_CODES.includes(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code) && PASSING_CLASSES.includes(code.slice(0, 2))) return true;
    if (
      /connection (terminated|ended|timeout)|timeout exceeded when trying to connect/i.test(cause.message)
    ) {
      return true;
    }
  }
  return false;
}
