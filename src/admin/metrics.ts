/** `GET /metrics`: the node's figures for whoever collects them, in the text format of Prometheus. */
import type { FastifyInstance } from 'fastify';
import type { AdminContext } from './context.ts';

/** Where they are; open without the token where the configuration says so. */
export const METRICS_ROUTE = '/metrics';

/** Names no member and nothing that a member has sent. */
export function metricsRoutes(app: FastifyInstance, { control: { metrics } }: AdminContext): void {
  app.get(METRICS_ROUTE, async (_request, reply) => {
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
}
