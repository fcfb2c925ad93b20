/**
 * Everything in the node that can fill up, and its bound: two metrics with the same label, so that one expression
 * watches all of them.
 */
import type { Sample, Series } from './series.ts';
import type { WatchedNode } from './watched-node.ts';

interface Queue {
  readonly queue: string;
  readonly depth: number;
  readonly bound: number;
}

/** Depths and bounds. Where each account, book, session or listener has a queue of its own, the fullest is shown. */
export function queueSeries(node: () => WatchedNode | undefined): readonly Series[] {
  return [
    {
      name: 'queue_depth',
      help: 'What waits, in the unit of the queue: commands, pieces of work, connections, logons, reports, requests, messages or bytes (journal_bytes, session_unsent_bytes); of account_stash, book_stash, pending_handshakes and session_… the fullest.',
      labels: ['queue'],
      read: () => samples(node(), 'depth'),
    },
    {
      name: 'queue_bound',
      help: 'What the queue holds at most, in the same unit; past it something is refused, closed or not read.',
      labels: ['queue'],
      read: () => samples(node(), 'bound'),
    },
    {
      name: 'persistence_buffer',
      help: 'Journal entries that wait for the next commit, as a count; what is in them is bounded by the commands in flight and by journal_bytes.',
      read: () => node()?.persistence().bufferedEntries ?? 0,
    },
  ];
}

function* samples(node: WatchedNode | undefined, which: 'depth' | 'bound'): Iterable<Sample> {
  if (node === undefined) return;
  for (const queue of queuesOf(node)) yield [{ queue: queue.queue }, queue[which]];
}

function queuesOf(node: WatchedNode): readonly Queue[] {
  const { bounds } = node;
  const { commandsInFlight, commandsWaiting } = node.exchange.status();
  const stashes = node.exchange.largestStashes();
  const load = node.gateway.load();
  const connections = Object.values(load.byPhase).reduce((sum, count) => sum + count, 0);
  return [
    queue('commands_in_flight', commandsInFlight + commandsWaiting, bounds.maxCommandsInFlight),
    queue('session_requests_of_all', load.unansweredRequests, bounds.slowdownRequestsInFlight),
    queue('journal_bytes', node.persistence().journalBytes, bounds.maxJournalBytes),
    queue('account_stash', stashes.account, bounds.accountStash),
    queue('book_stash', stashes.book, bounds.bookStash),
    queue('connections', connections, bounds.maxConnections),
    queue('unauthenticated_connections', load.unauthenticated, bounds.maxUnauthenticatedConnections),
    queue('pending_handshakes', node.mostPendingHandshakes(), bounds.maxPendingHandshakes),
    queue('pending_logins', node.logins().pendingLogins, bounds.maxPendingLogins),
    queue('session_reports', load.mostQueuedReports, bounds.maxQueuedReports),
    queue('session_requests', load.mostUnansweredRequests, bounds.maxUnansweredRequestsPerSession),
    queue('session_above_gap', load.mostQueuedAboveGap, bounds.maxQueuedAboveGap),
    queue('session_unsent_bytes', load.mostUnsentBytes, bounds.maxUnsentBytes),
  ];
}

function queue(name: string, depth: number, bound: number): Queue {
  return { queue: name, depth, bound };
}
