/** `onebook drain` and `onebook undrain`: empty a node of the cluster before it is stopped, or take that back. */
import type { Command } from 'commander';
import type { DrainProgress } from '../admin/cluster-control.ts';
import { monotonicMs } from '../platform/monotonic.ts';
import type { Body } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';
import { nounsOf } from './cluster-drawing.ts';
import { CliFailure, EXIT } from './failure.ts';
import { lookUntil, tookText, waitOption } from './waiting.ts';

interface DrainFlags extends ClientFlags {
  readonly force?: boolean;
  /** Ms. */
  readonly wait: number;
}

const DEFAULT_WAIT_MS = 300_000;

/** Adds both commands to the program. */
export function addDrainCommands(program: Command): void {
  clientCommand(
    program,
    'drain',
    'empty a node: its symbols and accounts go to other engines, its sessions to other gateways',
  )
    .argument('<node>', 'name of the node in the configuration')
    .option('--force', 'also when no other node can take what it has')
    .addOption(waitOption('how long to wait at most; 0: not at all', DEFAULT_WAIT_MS))
    .action(drain);
  clientCommand(program, 'undrain', 'let a node that drains take symbols, accounts and sessions again')
    .argument('<node>', 'name of the node in the configuration')
    .action(undrain);
}

async function drain(node: string, flags: DrainFlags): Promise<void> {
  const client = await connect({ ...flags, node });
  const since = monotonicMs();
  const force = flags.force === true ? { force: true } : {};
  const begun = await client.post('/v1/drain', { node, ...force });
  let left = leftIn(begun);
  let told = '';
  const tell = (): void => {
    const line = `${node} drains: ${leftText(left)} left\n`;
    if (line !== told && !isEmpty(left)) process.stderr.write(line);
    told = line;
  };
  tell();
  const body = await lookUntil(flags.wait, async () => {
    const answer = await client.get('/v1/drain');
    left = leftIn(answer);
    const { draining } = answer;
    if (draining !== true) {
      const text = `${node} drains no more: somebody has taken it back, or it has joined the cluster again`;
      throw new CliFailure(EXIT.refused, `${text}; "onebook status" shows which`);
    }
    tell();
    return isEmpty(left) ? answer : undefined;
  });
  if (body !== undefined) {
    const took = tookText(monotonicMs() - since);
    const next = `stop it with SIGTERM, and start it again when it is updated; "onebook undrain ${node}" takes it back`;
    showSentence(flags, body, `${node} ${emptyText(rolesIn(begun), took)}: ${next}`);
    return;
  }
  const state = `${node} drains, with ${leftText(left)} left`;
  if (flags.wait > 0) {
    const text = `${state} after ${tookText(flags.wait)}; it goes on: "onebook status" shows what keeps it`;
    throw new CliFailure(EXIT.refused, text);
  }
  showSentence(flags, { node, draining: true, ...left }, state);
}

async function undrain(node: string, flags: ClientFlags): Promise<void> {
  const body = await (await connect({ ...flags, node })).post('/v1/undrain', { node });
  const { wasDraining } = body;
  const text = `${node} ${undrainedText(rolesIn(body))}`;
  showSentence(flags, body, wasDraining === false ? `${node} did not drain: nothing has changed` : text);
}

/** A responder gives nothing up: it ends with its process. */
function emptyText(roles: readonly string[], took: string): string {
  if (!roles.includes('dns')) return `is empty after ${took}`;
  const has = roles.length === 1 ? 'has nothing to give up' : `is empty after ${took}`;
  return `${has}, and answers for DNS until it is stopped`;
}

/** What each role does again. */
function undrainedText(roles: readonly string[]): string {
  const parts: string[] = [];
  if (roles.includes('engine')) {
    parts.push('takes symbols and accounts again: what has gone comes back with "onebook rebalance"');
  }
  if (roles.includes('gateway')) {
    parts.push('takes sessions again: members who have gone stay where they are until they connect anew');
  }
  if (roles.includes('dns')) parts.push('has answered for DNS all the while');
  return parts.join('; it ') || 'drains no more';
}

function rolesIn({ roles }: Body): readonly string[] {
  return Array.isArray(roles) ? roles.map(String) : [];
}

function leftIn(body: Body): DrainProgress {
  const { symbols, shards, sessions } = body;
  return { symbols: Number(symbols), shards: Number(shards), sessions: Number(sessions) };
}

function isEmpty({ symbols, shards, sessions }: DrainProgress): boolean {
  return symbols === 0 && shards === 0 && sessions === 0;
}

function leftText({ symbols, shards, sessions }: DrainProgress): string {
  return `${nounsOf(symbols, 'symbol')}, ${nounsOf(shards, 'shard')} of accounts, ${nounsOf(sessions, 'session')}`;
}
