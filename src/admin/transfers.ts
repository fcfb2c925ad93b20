/**
 * Deposits, withdrawals and adjustments. They go through the member's account, so that none can take what an order
 * holds; the id makes a repeated request harmless.
 */
import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TransferKind } from '../actors/protocol.ts';
import { Balance } from '../entities/balance.ts';
import { Transfer } from '../entities/transfer.ts';
import type { User } from '../entities/user.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { answer, isDatabaseAway, Refusal } from './answers.ts';
import { type AdminContext, ask, audit, findOwner, OPERATOR_HEADER, recordOutcome } from './context.ts';
import { sayWhenLate } from './deadline.ts';
import { checkKnownAsset } from './known-assets.ts';
import {
  checkAsset,
  checkIdempotencyKey,
  checkReason,
  operatorName,
  plainDecimal,
  readPositiveAmount,
} from './values.ts';

interface NewTransfer {
  readonly type: TransferKind;
  readonly username: string;
  readonly asset: string;
  /** Positive; of an adjustment it may begin with a minus. */
  readonly amount: string;
  readonly reason?: string;
  readonly id?: string;
  /** The asset may be one that no instrument names and nobody holds. */
  readonly newAsset?: boolean;
}

/** What is asked, in the units of the rows. */
interface WantedTransfer {
  readonly kind: TransferKind;
  readonly user: User;
  readonly asset: string;
  /** Units of 10^-18; negative when money goes out. */
  readonly amount: bigint;
  readonly reason: string | undefined;
  readonly id: string;
}

const BODY = {
  type: 'object',
  required: ['type', 'username', 'asset', 'amount'],
  additionalProperties: false,
  properties: {
    type: { enum: ['deposit', 'withdrawal', 'adjustment'] },
    username: { type: 'string', maxLength: 64 },
    asset: { type: 'string', maxLength: 64 },
    amount: { type: 'string', maxLength: 64 },
    reason: { type: 'string', maxLength: 1_000 },
    id: { type: 'string', maxLength: 200 },
    newAsset: { type: 'boolean' },
  },
} as const;

/** `POST /v1/transfers`: answers once the transfer is committed, and the same when it was so before. */
export function transferRoutes(app: FastifyInstance, context: AdminContext): void {
  const inTurnOf = turnsById();
  app.post<{ Body: NewTransfer }>('/v1/transfers', { schema: { body: BODY } }, async (request, reply) => {
    const id = request.body.id ?? randomUUID();
    sayWhenLate(request, repeatText(id));
    const wanted = await readTransfer(context.control.orm.em.fork(), { ...request.body, id });
    if (wanted instanceof Refusal) return answer(reply, wanted);
    const booked = await inTurnOf(wanted.id, () => bookOnce(context, request, wanted)).catch(
      (error: unknown) => {
        if (!isDatabaseAway(error)) throw error;
        context.log.warn('transfer without database', { error });
        return new Refusal(503, `the database does not answer; ${repeatText(wanted.id)}`);
      },
    );
    return answer(reply, booked);
  });
}

/** Runs what is asked for with one id one after the other, so that the second one finds what the first one booked. */
function turnsById(): <Result>(id: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>();
  return (id, work) => {
    const turn = (last.get(id) ?? Promise.resolve()).then(work);
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    last.set(id, ended);
    void ended.then(() => {
      if (last.get(id) === ended) last.delete(id);
    });
    return turn;
  };
}

async function bookOnce(
  context: AdminContext,
  request: FastifyRequest<{ Body: NewTransfer }>,
  wanted: WantedTransfer,
): Promise<object | Refusal> {
  const { control } = context;
  const em = control.orm.em.fork();
  const before = await findTransfer(em, wanted);
  if (before !== undefined) return before instanceof Refusal ? before : { ...before, repeated: true };

  const { type, username, asset, amount, newAsset = false } = request.body;
  const { id, reason } = wanted;
  // What nobody holds cannot be withdrawn: the account says so.
  const refusal = newAsset || type === 'withdrawal' ? undefined : await checkKnownAsset(em, asset);
  if (refusal !== undefined) return refusal;
  // Before the account is asked: an answer that is lost must not hide who asked.
  const said = { ...(reason === undefined ? {} : { reason }), ...(newAsset ? { newAsset } : {}) };
  const details = { username, asset, amount, id, ...said };
  const entry = audit(em, context, request, { action: type, details });
  await em.flush();
  const answered = await ask(context, (replyTo) =>
    control.tell(
      { type: 'exchange' },
      {
        type: 'SubmitAccountCommand',
        userId: wanted.user.id,
        replyTo,
        command: {
          type: 'TransferFunds',
          kind: wanted.kind,
          asset,
          amount: wanted.amount,
          idempotencyKey: id,
          requestedBy: operatorName(request.headers[OPERATOR_HEADER]),
          reason,
        },
      },
    ),
  );
  if (!(answered instanceof Refusal)) {
    switch (answered.type) {
      case 'TransferBooked':
        await recordOutcome(context, entry, { booked: true });
        return { ...shown(wanted), balance: formatAmount(answered.balance), repeated: false };
      case 'TransferRefused':
        await recordOutcome(context, entry, { refused: answered.text });
        return new Refusal(409, answered.text);
      case 'CommandRejected':
        break;
      default:
        throw new Error(`a transfer was answered with ${answered.type}`);
    }
  }
  // No answer came in time, or a request with the same id that another node took was first: the rows know.
  const booked = await findTransfer(control.orm.em.fork(), wanted);
  if (answered instanceof Refusal) {
    if (booked === undefined) return new Refusal(504, `no answer in time; ${repeatText(wanted.id)}`);
    await recordOutcome(context, entry, { booked: true });
    return booked instanceof Refusal ? booked : { ...booked, repeated: false };
  }
  await recordOutcome(context, entry, { refused: answered.text });
  if (booked === undefined) return new Refusal(503, answered.text);
  return booked instanceof Refusal ? booked : { ...booked, repeated: true };
}

/** Who gave no id learns it here: only with it can the request be repeated without harm. */
function repeatText(id: string): string {
  return `it may be booked, or come to be: repeat it with the id "${id}", and it is booked once`;
}

async function readTransfer(
  em: EntityManager,
  body: NewTransfer & { readonly id: string },
): Promise<WantedTransfer | Refusal> {
  const { type: kind, asset, reason, id } = body;
  const refusal = checkAsset(asset) ?? checkIdempotencyKey(id) ?? checkWhy(kind, reason);
  if (refusal !== undefined) return refusal;
  const amount = readAmount(kind, body.amount);
  if (amount instanceof Refusal) return amount;
  // The venue too: it is paid fees, and may be charged with what a party of a busted trade lacks.
  const user = await findOwner(em, body.username);
  if (user instanceof Refusal) return user;
  return { kind, user, asset, amount, reason, id };
}

function checkWhy(kind: TransferKind, reason: string | undefined): Refusal | undefined {
  if (reason !== undefined) return checkReason(reason);
  return kind === 'adjustment' ? new Refusal(400, 'an adjustment needs a reason') : undefined;
}

function readAmount(kind: TransferKind, text: string): bigint | Refusal {
  if (kind !== 'adjustment') {
    const amount = readPositiveAmount(text, 'amount');
    return amount instanceof Refusal || kind === 'deposit' ? amount : -amount;
  }
  const isNegative = text.startsWith('-');
  const amount = readPositiveAmount(isNegative ? text.slice(1) : text, 'amount without its sign');
  return amount instanceof Refusal || !isNegative ? amount : -amount;
}

/** The committed transfer of that id as it is shown; a refusal when it is another one than wanted. */
async function findTransfer(
  em: EntityManager,
  wanted: WantedTransfer,
): Promise<object | undefined | Refusal> {
  const row = await em.findOne(Transfer, { idempotencyKey: wanted.id });
  if (row === null) return undefined;
  const { kind, user, asset, amount } = wanted;
  const same =
    row.kind === kind && row.userId === user.id && row.asset === asset && parseAmount(row.amount) === amount;
  if (!same) return new Refusal(409, `the id "${wanted.id}" was used for another transfer`);
  const balance = await em.findOne(Balance, { userId: user.id, asset });
  return { ...shown(wanted), balance: plainDecimal(balance?.amount ?? '0') };
}

function shown(transfer: WantedTransfer): object {
  return {
    id: transfer.id,
    username: transfer.user.username,
    asset: transfer.asset,
    amount: formatAmount(transfer.amount),
  };
}
