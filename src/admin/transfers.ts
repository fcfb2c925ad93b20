/**
 * Deposits and withdrawals. They go through the member's account, so that a withdrawal cannot take what an
 * order holds; the id makes a repeated request harmless.
 */
import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { Balance } from '../entities/balance.ts';
import { Transfer } from '../entities/transfer.ts';
import type { User } from '../entities/user.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, ask, audit, findOwner, OPERATOR_HEADER, recordOutcome } from './context.ts';
import { checkAsset, checkIdempotencyKey, operatorName, plainDecimal, readPositiveAmount } from './values.ts';

interface NewTransfer {
  readonly type: 'deposit' | 'withdrawal';
  readonly username: string;
  readonly asset: string;
  readonly amount: string;
  readonly id?: string;
}

/** What is asked, in the units of the rows. */
interface WantedTransfer {
  readonly user: User;
  readonly asset: string;
  /** Units of 10^-18; negative for a withdrawal. */
  readonly amount: bigint;
  readonly id: string;
}

const BODY = {
  type: 'object',
  required: ['type', 'username', 'asset', 'amount'],
  additionalProperties: false,
  properties: {
    type: { enum: ['deposit', 'withdrawal'] },
    username: { type: 'string', maxLength: 64 },
    asset: { type: 'string', maxLength: 64 },
    amount: { type: 'string', maxLength: 64 },
    id: { type: 'string', maxLength: 200 },
  },
} as const;

/** `POST /v1/transfers`: answers once the transfer is committed, and the same when it was so before. */
export function transferRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;
  app.post<{ Body: NewTransfer }>('/v1/transfers', { schema: { body: BODY } }, async (request, reply) => {
    const em = control.orm.em.fork();
    const wanted = await readTransfer(em, request.body);
    if (wanted instanceof Refusal) return answer(reply, wanted);
    const before = await findTransfer(em, wanted);
    if (before instanceof Refusal) return answer(reply, before);
    if (before !== undefined) return answer(reply, { ...before, repeated: true });

    const { type, username, asset, amount } = request.body;
    // Before the account is asked: an answer that is lost must not hide who asked.
    const details = { username, asset, amount, id: wanted.id };
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
            asset,
            amount: wanted.amount,
            idempotencyKey: wanted.id,
            requestedBy: operatorName(request.headers[OPERATOR_HEADER]),
          },
        },
      ),
    );
    if (answered instanceof Refusal) return answer(reply, answered);
    await recordOutcome(context, entry, 'text' in answered ? { refused: answered.text } : { booked: true });
    switch (answered.type) {
      case 'TransferBooked': {
        // Another request with the same id may have been first, with another content.
        const booked = answered.repeated ? await findTransfer(control.orm.em.fork(), wanted) : undefined;
        if (booked instanceof Refusal) return answer(reply, booked);
        const balance = formatAmount(answered.balance);
        return answer(reply, { ...shown(wanted), balance, repeated: answered.repeated });
      }
      case 'TransferRefused':
        return answer(reply, new Refusal(409, answered.text));
      case 'CommandRejected':
        return answer(reply, new Refusal(503, answered.text));
      default:
        throw new Error(`a transfer was answered with ${answered.type}`);
    }
  });
}

async function readTransfer(em: EntityManager, body: NewTransfer): Promise<WantedTransfer | Refusal> {
  const id = body.id ?? randomUUID();
  const refusal = checkAsset(body.asset) ?? checkIdempotencyKey(id);
  if (refusal !== undefined) return refusal;
  const amount = readPositiveAmount(body.amount, 'amount');
  if (amount instanceof Refusal) return amount;
  // The venue too: it is paid fees, and may be charged with what a party of a busted trade lacks.
  const user = await findOwner(em, body.username);
  if (user instanceof Refusal) return user;
  return { user, asset: body.asset, amount: body.type === 'deposit' ? amount : -amount, id };
}

/** The committed transfer of that id as it is shown; a refusal when it is another one than wanted. */
async function findTransfer(
  em: EntityManager,
  wanted: WantedTransfer,
): Promise<object | undefined | Refusal> {
  const row = await em.findOne(Transfer, { idempotencyKey: wanted.id });
  if (row === null) return undefined;
  const same =
    row.userId === wanted.user.id && row.asset === wanted.asset && parseAmount(row.amount) === wanted.amount;
  if (!same) return new Refusal(409, `the id "${wanted.id}" was used for another transfer`);
  const balance = await em.findOne(Balance, { userId: wanted.user.id, asset: wanted.asset });
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
