/** What the operator tells every member that is logged on: News (B), before maintenance above all. */
import type { FastifyInstance } from 'fastify';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, audit } from './context.ts';

interface AnnouncementBody {
  readonly headline: string;
  readonly lines?: readonly string[];
}

const MAX_HEADLINE = 200;
const MAX_LINES = 20;
/** Latin1 without control characters: what Text (58) can carry. */
const SAYABLE = /^[\x20-\x7e\xa0-\xff]+$/;

/** `POST /v1/announcements`. */
export function announcementRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;
  app.post<{ Body: AnnouncementBody }>(
    '/v1/announcements',
    {
      schema: {
        body: {
          type: 'object',
          required: ['headline'],
          additionalProperties: false,
          properties: {
            headline: { type: 'string', minLength: 1, maxLength: MAX_HEADLINE },
            lines: {
              type: 'array',
              minItems: 1,
              maxItems: MAX_LINES,
              items: { type: 'string', minLength: 1, maxLength: 1_000 },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { headline, lines = [headline] } = request.body;
      if (![headline, ...lines].every((line) => SAYABLE.test(line))) {
        return answer(reply, new Refusal(400, 'an announcement is text that FIX can carry: no line breaks'));
      }
      const em = control.orm.em.fork();
      audit(em, context, request, { action: 'announce', details: { headline, lines } });
      await em.flush();
      const memberCount = control.status().sessions.filter(({ compId }) => compId !== undefined).length;
      control.tell({ type: 'gateway', name: control.gatewayName }, { type: 'Announce', headline, lines });
      return { headline, memberCount };
    },
  );
}
