/**
 * Emptying a node before it is stopped or updated: its symbols and accounts go to other engines, its sessions to other
 * gateways. A node that has restarted drains no more.
 */
import type { FastifyInstance } from 'fastify';
import type { ClusterNode, ClusterView, Role } from '../cluster/membership.ts';
import { eligibleEngines } from '../cluster/ownership-plan.ts';
import { answer, Refusal } from './answers.ts';
import type { ClusterControl } from './cluster-control.ts';
import { type AdminContext, type AuditedAction, audit } from './context.ts';
import { NO_CLUSTER } from './placement.ts';

interface DrainBody {
  /** Which node is meant: another one refuses. */
  readonly node: string;
  /** Also when what it has would be nobody's. */
  readonly force?: boolean;
}

const NODE = { type: 'string', maxLength: 64 } as const;

/** `GET /v1/drain` says what is left, `POST /v1/drain` begins, `POST /v1/undrain` takes it back: of this node. */
export function drainRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;

  app.get('/v1/drain', async (_request, reply) => {
    const { cluster } = control;
    return answer(reply, cluster === undefined ? NO_CLUSTER : progressOf(cluster));
  });

  const route = (
    url: string,
    action: string,
    act: (cluster: ClusterControl, body: DrainBody) => Act,
  ): void => {
    app.post<{ Body: DrainBody }>(
      url,
      {
        schema: {
          body: {
            type: 'object',
            required: ['node'],
            additionalProperties: false,
            properties: { node: NODE, force: { type: 'boolean' } },
          },
        },
      },
      async (request, reply) => {
        const { cluster } = control;
        if (cluster === undefined) return answer(reply, NO_CLUSTER);
        const { node } = request.body;
        if (node !== cluster.self) {
          const text = `this is the node ${cluster.self}, not ${node}: check --admin-port and ONEBOOK_ADMIN_PORT`;
          return answer(reply, new Refusal(409, text));
        }
        const begin = act(cluster, request.body);
        if (begin instanceof Refusal) return answer(reply, begin);
        const em = control.orm.em.fork();
        const audited: AuditedAction = { action, details: { ...request.body } };
        audit(em, context, request, audited);
        await em.flush();
        const wasDraining = cluster.isDraining;
        begin();
        return answer(reply, { ...progressOf(cluster), roles: ownRoles(cluster), wasDraining });
      },
    );
  };

  route('/v1/drain', 'drain', (cluster, { force }) => {
    const refusal = force === true ? undefined : whoElse(cluster);
    return refusal ?? (() => cluster.beginDrain());
  });
  route('/v1/undrain', 'undrain', (cluster) => () => cluster.endDrain());
}

type Act = Refusal | (() => void);

function progressOf(cluster: ClusterControl): object {
  return { node: cluster.self, draining: cluster.isDraining, ...cluster.drainProgress() };
}

/** The roles of this node, which decide what draining is to it. */
function ownRoles(cluster: ClusterControl): readonly Role[] {
  return cluster.view().nodes.find(({ name }) => name === cluster.self)?.roles ?? [];
}

/** A refusal when nobody could take what this node has, or do what it does. */
function whoElse(cluster: ClusterControl): Refusal | undefined {
  const { self } = cluster;
  const view = cluster.view();
  if (ownRoles(cluster).includes('dns') && !isOtherResponder(view, self)) {
    const text =
      `no other node answers for DNS: ${self} goes on while it drains, but members find no gateway by name once it is ` +
      'stopped; start another one, or say --force';
    return new Refusal(409, text);
  }
  const { symbols, shards, sessions } = cluster.drainProgress();
  const engines = eligibleEngines(view).filter(({ name }) => name !== self);
  if (symbols + shards > 0 && engines.length === 0) {
    const what = `${symbols} symbols and ${shards} shards of accounts`;
    return new Refusal(409, `no other engine can take what ${self} has (${what}): start one, or say --force`);
  }
  const gateways = otherGateways(view, self);
  const room = roomIn(gateways);
  if (sessions <= room) return undefined;
  const have = gateways.length === 1 ? 'gateway has' : 'gateways together have';
  const text =
    gateways.length === 0
      ? `no other gateway takes the ${sessions} sessions of ${self}: start one, or say --force`
      : `${self} has ${sessions} sessions, and the other ${have} room for ${room} (limits.maxConnections): start ` +
        'another gateway, or say --force, and the members without room wait until there is some';
  return new Refusal(409, text);
}

function isOtherResponder({ nodes }: ClusterView, self: string): boolean {
  return nodes.some(({ name, roles, isLeaseValid, report }) => {
    return name !== self && roles.includes('dns') && isLeaseValid && report.ready && !report.draining;
  });
}

/** For connections, as they said with the last renewal of their leases. */
function roomIn(gateways: readonly ClusterNode[]): number {
  return gateways.reduce(
    (room, { report: { connections, maxConnections } }) => room + Math.max(0, maxConnections - connections),
    0,
  );
}

function otherGateways({ nodes }: ClusterView, self: string): readonly ClusterNode[] {
  return nodes.filter(
    ({ name, roles, isLeaseValid, report }) =>
      name !== self &&
      roles.includes('gateway') &&
      isLeaseValid &&
      report.ready &&
      !report.draining &&
      report.natsReachable,
  );
}
