/** What the operator tells every member that is logged on: News (B), before maintenance above all. */
import type { FastifyInstance } from 'fastify';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, audit } from './context.ts';
import { memberCount, tellGateways } from './gateways.ts';

interface AnnouncementBody {
  readonly headline: string;
  readonly lines?: readonly string[];
}

const MAX_HEADLINE = 200;
const MAX_LINES = 20;
/** Latin1 without control characters: what Text (58) can carry. */
const SAYABLE = /^[\x20-\x7e\xa0-\xff]+$/;

/** `POST /v1/announcements`; `unreached` names gateways of a cluster that it has not come to, where there are some. */
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
      const count = await memberCount(control);
      const unreached = tellGateways(control, { type: 'Announce', headline, lines });
      return { headline, memberCount: count, ...(unreached.length === 0 ? {} : { unreached }) };
    },
  );
}
