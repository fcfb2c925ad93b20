/** Members: who may log on, as which SenderCompID (49), with which password, on which terms. */
import { UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { Account } from '../entities/account.ts';
import { User } from '../entities/user.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, audit, findMember } from './context.ts';
import { tellGatewayOf } from './gateways.ts';
import { MEMBER_TERMS_SCHEMA, type MemberTerms, readMemberTerms, shownMemberTerms } from './member-terms.ts';
import { MEMBER_LIMITS_SCHEMA, tradingTermsOf } from './trading-terms.ts';
import { checkPassword, checkUsername } from './values.ts';

interface NewUser extends MemberTerms {
  readonly username: string;
  readonly password: string;
  readonly compId: number;
}

interface ByName {
  readonly username: string;
}

const MAX_COMP_ID = 2_147_483_647;
const PARAMS = { type: 'object', properties: { username: { type: 'string', maxLength: 64 } } } as const;
const PASSWORD = { type: 'string', maxLength: 1_000 } as const;

/** `POST /v1/users`, `GET /v1/users[/:username]`, `POST /v1/users/:username/{password,reset-numbers,terms}`. */
export function userRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;

  app.get('/v1/users', async () => {
    const users = await control.orm.em
      .fork()
      .find(User, {}, { orderBy: { username: 'asc' }, limit: context.maxRows });
    return { users: users.map(shownUser) };
  });

  app.get<{ Params: ByName }>(
    '/v1/users/:username',
    { schema: { params: PARAMS } },
    async (request, reply) => {
      const user = await findMember(control.orm.em.fork(), request.params.username);
      return answer(reply, user instanceof Refusal ? user : shownUser(user));
    },
  );

  app.post<{ Body: NewUser }>(
    '/v1/users',
    {
      schema: {
        body: {
          type: 'object',
          required: ['username', 'password', 'compId'],
          additionalProperties: false,
          properties: {
            username: { type: 'string', maxLength: 64 },
            password: PASSWORD,
            compId: { type: 'integer', minimum: 0, maximum: MAX_COMP_ID },
            ...MEMBER_TERMS_SCHEMA,
          },
        },
      },
    },
    async (request, reply) => {
      const { username, password, compId, ...terms } = request.body;
      const refusal = checkUsername(username) ?? checkPassword(password);
      if (refusal !== undefined) return answer(reply, refusal);
      const columns = readMemberTerms(terms);
      if (columns instanceof Refusal) return answer(reply, columns);
      const em = control.orm.em.fork();
      const taken = await em.findOne(User, { $or: [{ username }, { senderCompId: compId }] });
      if (taken !== null) return answer(reply, takenBy(taken, username));
      const passwordHash = await control.hashPassword(password);
      try {
        const user = await em.transactional(async (tx) => {
          const created = tx.create(User, { username, passwordHash, senderCompId: compId, ...columns });
          await tx.persist(created).flush();
          tx.create(Account, { userId: created.id, lastSeq: 0 });
          audit(tx, context, request, { action: 'user add', details: { username, compId, ...terms } });
          return created;
        });
        return answer(reply, shownUser(user), 201);
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        return answer(reply, new Refusal(409, 'another user took the username or the comp id just now'));
      }
    },
  );

  app.post<{ Params: ByName; Body: { readonly password: string } }>(
    '/v1/users/:username/password',
    {
      schema: {
        params: PARAMS,
        body: {
          type: 'object',
          required: ['password'],
          additionalProperties: false,
          properties: { password: PASSWORD },
        },
      },
    },
    async (request, reply) => {
      const refusal = checkPassword(request.body.password);
      if (refusal !== undefined) return answer(reply, refusal);
      const passwordHash = await control.hashPassword(request.body.password);
      const user = await control.orm.em.fork().transactional(async (tx) => {
        const found = await findMember(tx, request.params.username);
        if (found instanceof Refusal) return found;
        found.passwordHash = passwordHash;
        audit(tx, context, request, { action: 'user passwd', details: { username: found.username } });
        return found;
      });
      return answer(reply, user instanceof Refusal ? user : shownUser(user));
    },
  );

  app.post<{ Params: ByName }>(
    '/v1/users/:username/reset-numbers',
    { schema: { params: PARAMS } },
    async (request, reply) => {
      const user = await control.orm.em.fork().transactional(async (tx) => {
        const found = await findMember(tx, request.params.username);
        if (found instanceof Refusal) return found;
        audit(tx, context, request, { action: 'user reset-numbers', details: { username: found.username } });
        return found;
      });
      if (user instanceof Refusal) return answer(reply, user);
      const { senderCompId, id: userId } = user;
      const refusal = await tellGatewayOf(control, senderCompId, {
        type: 'ResetMember',
        senderCompId,
        userId,
      });
      return answer(reply, refusal ?? shownUser(user));
    },
  );

  termsRoute(app, context);
}

/** A session that is on keeps the terms that it began with; limits hold for the next order. */
function termsRoute(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Params: ByName; Body: MemberTerms }>(
    '/v1/users/:username/terms',
    {
      schema: {
        params: PARAMS,
        body: {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          properties: MEMBER_TERMS_SCHEMA,
        },
      },
    },
    async (request, reply) => {
      const terms = request.body;
      const { control, inTurn } = context;
      const columns = readMemberTerms(terms);
      if (columns instanceof Refusal) return answer(reply, columns);
      const user = await inTurn(async () => {
        const changed = await control.orm.em.fork().transactional(async (tx) => {
          const found = await findMember(tx, request.params.username);
          if (found instanceof Refusal) return found;
          tx.assign(found, columns);
          const details = { username: found.username, ...terms };
          audit(tx, context, request, { action: 'user set', details });
          return found;
        });
        if (!(changed instanceof Refusal) && namesLimits(terms)) {
          const told = { userId: changed.id, terms: tradingTermsOf(changed) };
          control.tell({ type: 'exchange' }, { type: 'TradingTermsChanged', ...told });
        }
        return changed;
      });
      return answer(reply, user instanceof Refusal ? user : shownUser(user));
    },
  );
}

function namesLimits(terms: MemberTerms): boolean {
  return Object.keys(terms).some((name) => Object.hasOwn(MEMBER_LIMITS_SCHEMA, name));
}

function takenBy(user: User, username: string): Refusal {
  return user.username === username
    ? new Refusal(409, `there is a user "${username}" already`)
    : new Refusal(409, `comp id ${user.senderCompId} belongs to "${user.username}" already`);
}

/** A member as operators see it. */
export function shownUser(user: User): object {
  return {
    username: user.username,
    compId: user.senderCompId,
    status: user.status,
    ...shownMemberTerms(user),
    createdAt: user.createdAt,
  };
}
