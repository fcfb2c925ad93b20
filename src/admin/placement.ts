/**
 * On which engine symbols and shards of accounts are: where an operator puts them, who has them now, and how they would
 * be spread. What is placed moves by itself: whoever has it gives it up as soon as the other can take it.
 */
import type { FastifyInstance } from 'fastify';
import {
  type ClusterNode,
  type ClusterView,
  type Items,
  MembershipUnavailableError,
} from '../cluster/membership.ts';
import { eligibleEngines } from '../cluster/ownership-plan.ts';
import { answer, Refusal } from './answers.ts';
import type { ClusterControl } from './cluster-control.ts';
import { livingOwner, type OwnerStatus, shownOwner } from './cluster-status.ts';
import { type AdminContext, audit } from './context.ts';
import { rebalancePlan } from './rebalance-plan.ts';
import { quoted } from './values.ts';

interface PlacementBody {
  readonly symbols?: readonly string[];
  readonly shards?: readonly number[];
  /** The engine's name; null: wherever it falls. */
  readonly node: string | null;
}

interface OwnersQuery {
  /** With commas between them. */
  readonly symbols?: string;
  readonly shards?: string;
}

/** Symbols and shards that one request names at most. */
export const MAX_PLACED = 100;
/** What commands of a cluster answer where there is none. */
export const NO_CLUSTER = new Refusal(
  409,
  'this node is in no cluster: it is a venue by itself, or has not joined yet; name a node of a cluster with --node, or ' +
    'with --admin-port and --data-dir',
);

/** Between two lives of a node, which has thrown away what it knew and joins again. */
const BETWEEN_LIVES = new Refusal(
  503,
  'this node is out of the cluster and about to join again: try again, or ask another node',
);

/** The cluster of this node, with a view of it that has something to say. */
function presentCluster({
  control,
}: AdminContext): { readonly cluster: ClusterControl; readonly view: ClusterView } | Refusal {
  const { cluster } = control;
  if (cluster === undefined) return NO_CLUSTER;
  const view = cluster.view();
  return view.nodes.length === 0 ? BETWEEN_LIVES : { cluster, view };
}

const LISTED = { type: 'string', maxLength: 40 * MAX_PLACED } as const;

/**
 * `POST /v1/placement` puts symbols and shards on an engine, `GET /v1/owners?symbols=A,B&shards=1,2` says who has them
 * (all without a query), `GET /v1/rebalance` what would move where.
 */
export function placementRoutes(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Body: PlacementBody }>(
    '/v1/placement',
    {
      schema: {
        body: {
          type: 'object',
          required: ['node'],
          additionalProperties: false,
          properties: {
            symbols: { type: 'array', maxItems: MAX_PLACED, items: { type: 'string', maxLength: 64 } },
            shards: { type: 'array', maxItems: MAX_PLACED, items: { type: 'integer' } },
            node: { type: ['string', 'null'], maxLength: 64 },
          },
        },
      },
    },
    async (request, reply) => {
      const present = presentCluster(context);
      if (present instanceof Refusal) return answer(reply, present);
      const { cluster, view } = present;
      const { symbols = [], shards = [], node } = request.body;
      const items: Items = { symbols, shards };
      const refusal = checkItems(view, items) ?? (node === null ? undefined : checkEngine(view, node));
      if (refusal !== undefined) return answer(reply, refusal);
      const em = context.control.orm.em.fork();
      audit(em, context, request, { action: 'place', details: { ...request.body } });
      await em.flush();
      const before = ownersOf(view, items);
      try {
        await cluster.place(items, node ?? undefined);
      } catch (error) {
        if (!(error instanceof MembershipUnavailableError)) throw error;
        return answer(reply, new Refusal(503, `it is not known whether they are placed: ${error.message}`));
      }
      return answer(reply, { node, ...before });
    },
  );

  app.get<{ Querystring: OwnersQuery }>(
    '/v1/owners',
    {
      schema: {
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { symbols: LISTED, shards: LISTED },
        },
      },
    },
    async (request, reply) => {
      const present = presentCluster(context);
      if (present instanceof Refusal) return answer(reply, present);
      const { view } = present;
      const { symbols, shards } = request.query;
      if (symbols === undefined && shards === undefined) {
        const { ownership } = view;
        const all = { symbols: [...ownership.symbols.keys()], shards: [...ownership.shards.keys()] };
        return answer(reply, ownersOf(view, all));
      }
      const items = { symbols: listOf(symbols), shards: listOf(shards).map(Number) };
      return answer(reply, checkItems(view, items) ?? ownersOf(view, items));
    },
  );

  app.get<{ Querystring: { readonly includePlaced?: string } }>(
    '/v1/rebalance',
    {
      schema: {
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { includePlaced: { enum: ['true', 'false'] } },
        },
      },
    },
    async (request, reply) => {
      const present = presentCluster(context);
      if (present instanceof Refusal) return answer(reply, present);
      const { cluster, view } = present;
      const includesPlaced = request.query.includePlaced === 'true';
      return answer(reply, rebalancePlan(view, cluster.fixedPlacement, includesPlaced));
    },
  );
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

function checkItems({ ownership }: ClusterView, { symbols, shards }: Items): Refusal | undefined {
  const symbol = symbols.find((one) => !ownership.symbols.has(one));
  if (symbol !== undefined) return new Refusal(404, `there is no instrument ${quoted(symbol)}`);
  const shard = shards.find((one) => !ownership.shards.has(one));
  if (shard === undefined) return undefined;
  return new Refusal(404, `there is no shard ${shard}: they are 0 to ${ownership.shards.size - 1}`);
}

/** An engine that could take something now. */
function checkEngine(view: ClusterView, name: string): Refusal | undefined {
  const { nodes } = view;
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) {
    const engines = nodes.filter(({ roles, isAlive }) => isAlive && roles.includes('engine'));
    const known = engines.map((engine) => engine.name).join(', ') || 'none';
    return new Refusal(404, `there is no node ${quoted(name)}; engines that run: ${known}`);
  }
  const isEligible = eligibleEngines(view).some((engine) => engine.name === name);
  const fault = isEligible && !isCutOff(node, view) ? undefined : engineFault(node);
  return fault === undefined ? undefined : new Refusal(409, `${name} ${fault}`);
}

/**
 * NATS reaches another engine and not this one, which is no place for anything then, though the other may take nothing now.
 * Where NATS is away for all engines, they share what they have as ever.
 */
function isCutOff({ report }: ClusterNode, { nodes }: ClusterView): boolean {
  return (
    !report.natsReachable &&
    nodes.some((one) => one.roles.includes('engine') && one.isLeaseValid && one.report.natsReachable)
  );
}

/** Why it takes nothing. */
function engineFault({ roles, isAlive, endReason, isLeaseValid, report }: ClusterNode): string {
  if (!roles.includes('engine')) return `is no engine: it has the role ${roles.join(' and ')}`;
  if (!isAlive) return `does not run: ${endReason ?? 'it has ended'}`;
  if (!isLeaseValid) return 'does not renew its lease';
  if (report.draining) return 'drains: "onebook undrain" takes that back';
  if (!report.ready) return 'is not ready';
  return 'does not reach NATS';
}

interface Owners {
  readonly symbols: readonly (OwnerStatus & { readonly symbol: string })[];
  readonly shards: readonly (OwnerStatus & { readonly shard: number })[];
}

/** Those of them that are known, in the order in which they are named. */
function ownersOf(view: ClusterView, { symbols, shards }: Items): Owners {
  const name = livingOwner(view);
  const { ownership } = view;
  return {
    symbols: symbols.flatMap((symbol) => {
      const owned = ownership.symbols.get(symbol);
      return owned === undefined ? [] : [{ symbol, ...shownOwner(owned, name) }];
    }),
    shards: shards.flatMap((shard) => {
      const owned = ownership.shards.get(shard);
      return owned === undefined ? [] : [{ shard, ...shownOwner(owned, name) }];
    }),
  };
}
