/**
 * The operators' HTTP API of one node: health for whoever asks, everything else for those who hold the token.
 * Plain HTTP, so it belongs on loopback.
 */
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { announcementRoutes } from './announcements.ts';
import { answer, isDatabaseAway, Refusal } from './answers.ts';
import { cancelRoutes } from './cancels.ts';
import { type AdminContext, takeTurns } from './context.ts';
import type { VenueControl } from './control.ts';
import { answerInTime } from './deadline.ts';
import { drainRoutes } from './drain.ts';
import { instrumentRoutes } from './instruments.ts';
import { killSwitchRoutes } from './kill-switch.ts';
import { METRICS_ROUTE, metricsRoutes } from './metrics.ts';
import { orderRoutes } from './orders.ts';
import { placementRoutes } from './placement.ts';
import { statusRoutes } from './status.ts';
import { tokensEqual } from './token.ts';
import { tradeRoutes } from './trades.ts';
import { tradingStatusRoutes } from './trading-status.ts';
import { transferRoutes } from './transfers.ts';
import { userStatusRoutes } from './user-status.ts';
import { userRoutes } from './users.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly token: string;
  readonly control: VenueControl;
  readonly log: Log;
  /** Lets whoever reaches the port read the metrics, so that their collector needs no token; default false. */
  readonly openMetrics?: boolean;
  /** Bounds; the defaults are those of VenueLimits. */
  readonly limits?: {
    readonly maxAdminBodyBytes: number;
    readonly maxAdminRows: number;
    readonly operatorTimeoutMs?: number;
  };
  /** For the bound of {@link answerInTime}; default: the system's. */
  readonly clock?: Pick<Clock, 'after'>;
}

export interface AdminServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Answers what was asked, then closes. */
  close(): Promise<void>;
}

/** The admin API's port is taken. */
export class AdminPortInUse extends Error {
  override readonly name = 'AdminPortInUse';
  readonly port: number;

  constructor(host: string, port: number) {
    super(
      `the admin API cannot listen on ${host}:${port}: the port is in use; choose another (--admin-port)`,
    );
    this.port = port;
  }
}

const DEFAULT_LIMITS = { maxAdminBodyBytes: 65_536, maxAdminRows: 1_000 };
/** What anybody may ask: an orchestrator has no token. */
const OPEN_ROUTES: ReadonlySet<string> = new Set(['/health/live', '/health/ready']);
/** Actions that need no actors. */
const ROUTES_OF_ANY_NODE: ReadonlySet<string> = new Set(['/v1/drain', '/v1/undrain', '/v1/placement']);
const REQUEST_TIMEOUT_MS = 30_000;
const DEFAULT_OPERATOR_TIMEOUT_MS = 10_000;

/** Starts to listen. Throws {@link AdminPortInUse}. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const app = buildAdminServer(options);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new AdminPortInUse(options.host, options.port);
    }
    throw error;
  }
  return {
    port: listeningPort(app) ?? options.port,
    close: () => app.close(),
  };
}

function listeningPort(app: FastifyInstance): number | undefined {
  const address = app.server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

/** The server without a socket. */
export function buildAdminServer(options: Omit<AdminServerOptions, 'host' | 'port'>): FastifyInstance {
  const limits: NonNullable<AdminServerOptions['limits']> = options.limits ?? DEFAULT_LIMITS;
  const app = fastify({
    bodyLimit: limits.maxAdminBodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Input is judged, not repaired: a number in quotes, or an unknown name, is an error of the caller.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  });
  const context: AdminContext = {
    control: options.control,
    log: options.log,
    maxRows: limits.maxAdminRows,
    inTurn: takeTurns(),
  };

  app.addHook('onRequest', async (request, reply) => {
    const url = request.routeOptions.url ?? '';
    if (OPEN_ROUTES.has(url) || (options.openMetrics === true && url === METRICS_ROUTE)) return;
    const header = request.headers.authorization ?? '';
    if (header.startsWith('Bearer ') && tokensEqual(options.token, header.slice('Bearer '.length))) return;
    reply.header('www-authenticate', 'Bearer');
    return answer(
      reply,
      new Refusal(401, 'the token is missing or wrong; it is in admin.token of the data directory'),
    );
  });
  const { control, log, clock = systemClock } = options;
  app.addHook('onRequest', async (request, reply) => {
    const refusal = elsewhere(control, request);
    return refusal === undefined ? undefined : answer(reply, refusal);
  });
  const { operatorTimeoutMs = DEFAULT_OPERATOR_TIMEOUT_MS } = limits;
  answerInTime(app, { control, clock, log, operatorTimeoutMs });
  app.setNotFoundHandler((request, reply) =>
    answer(reply, new Refusal(404, `there is no ${request.method} ${request.url.split('?')[0]}`)),
  );
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(error, request, reply, options));

  statusRoutes(app, context);
  metricsRoutes(app, context);
  userRoutes(app, context);
  userStatusRoutes(app, context);
  announcementRoutes(app, context);
  instrumentRoutes(app, context);
  tradingStatusRoutes(app, context);
  transferRoutes(app, context);
  orderRoutes(app, context);
  cancelRoutes(app, context);
  tradeRoutes(app, context);
  killSwitchRoutes(app, context);
  placementRoutes(app, context);
  drainRoutes(app, context);
  return app;
}

/** What acts on members and books goes through actors, which a node that only answers for DNS has not. */
function elsewhere({ cluster }: VenueControl, { method, routeOptions }: FastifyRequest): Refusal | undefined {
  if (cluster === undefined || method === 'GET' || ROUTES_OF_ANY_NODE.has(routeOptions.url ?? ''))
    return undefined;
  const own = cluster.view().nodes.find(({ name, isAlive }) => name === cluster.self && isAlive);
  if (own === undefined || own.roles.some((role) => role !== 'dns')) return undefined;
  return new Refusal(409, `${cluster.self} only answers for DNS: ask a gateway or an engine (--node)`);
}

function sendError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, control }: Pick<AdminServerOptions, 'log' | 'control'>,
): FastifyReply {
  if (error.validation !== undefined) return answer(reply, new Refusal(400, validationText(error)));
  // Fastify's own: a body that is no JSON, too large, of another type.
  const status = error.statusCode ?? 500;
  if (status < 500) return reply.code(status).send({ error: error.message });

  const asked = `${request.method} ${request.routeOptions.url ?? request.url}`;
  const { database } = control.status();
  if (!database.up || isDatabaseAway(error)) {
    log.warn('operator request without database', { asked, error });
    return answer(reply, new Refusal(503, `the database does not answer: ${database.reason ?? 'try again'}`));
  }
  log.error('operator request failed', { asked, error });
  return reply.code(500).send({ error: 'the request failed; the log of the node says why' });
}

/** Ajv's words about the first fault, with the field before them. */
function validationText(error: FastifyError): string {
  const fault = error.validation?.[0];
  if (fault === undefined) return error.message;
  const field = fault.instancePath.slice(1).replaceAll('/', '.');
  const { additionalProperty, allowedValues } = fault.params;
  if (typeof additionalProperty === 'string') return `there is no field "${additionalProperty}" here`;
  // The only pattern is that of a count in a query string.
  if (fault.keyword === 'pattern') return `${field} must be a positive integer`;
  const values = Array.isArray(allowedValues) ? `: ${allowedValues.join(', ')}` : '';
  return `${field || error.validationContext || 'the request'} ${fault.message ?? 'is not valid'}${values}`;
}
