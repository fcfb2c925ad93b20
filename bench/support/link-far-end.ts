/** The other end of the links that are measured, in a thread of its own: takes everything in, and sends pings back. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLinks } from '../../src/cluster/links.ts';
import { createNatsCarrier } from '../../src/cluster/nats-carrier.ts';
import type { CrossingMessage } from '../../src/cluster/wire/messages.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { FAR, type FarEndCounts, type FarEndPlan, NEAR, PING, RAW_SUBJECT } from './link-plan.ts';

const { natsUrl } = workerData as FarEndPlan;
const carrier = createNatsCarrier({
  servers: [natsUrl],
  clientName: 'bench far end',
  clock: systemClock,
  log: silentLog,
});
let parts = 0;
let published = 0;
carrier.listen(RAW_SUBJECT, (body, answer) => {
  published += 1;
  answer?.(body);
});
const links = createLinks({
  self: FAR,
  carrier,
  clock: systemClock,
  log: silentLog,
  events: {
    onMessage(_from, _to, message) {
      parts += partsOf(message);
      if (message.type === 'BookHalted' && message.reason === PING)
        links.tell(NEAR, { type: 'exchange' }, message);
    },
    onUp: () => undefined,
    onDown: () => undefined,
  },
});
links.expect([NEAR, FAR]);
parentPort?.on('message', () => {
  parentPort?.postMessage({ type: 'counts', parts, published } satisfies FarEndCounts);
});

function partsOf(message: CrossingMessage): number {
  switch (message.type) {
    case 'SubmitCommands':
      return message.commands.length;
    case 'BookRequests':
      return message.requests.length;
    case 'ReportsCommitted':
      return message.reports.length;
    default:
      return 0;
  }
}
