/** `onebook symbol move`: puts the book of a symbol on an engine of the cluster. */
import type { Command } from 'commander';
import type { OwnerStatus } from '../admin/cluster-status.ts';
import { monotonicMs } from '../platform/monotonic.ts';
import { type AdminClient, type Body, queryOf } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, groupCommand, showSentence } from './client-command.ts';
import { CliFailure, EXIT } from './failure.ts';
import { orNone } from './flag-values.ts';
import { lookUntil, tookText, waitOption } from './waiting.ts';

interface MoveFlags extends ClientFlags {
  readonly to: string;
  /** Ms. */
  readonly wait: number;
}

const DEFAULT_WAIT_MS = 30_000;

/** Adds the group with its one command. */
export function addSymbolCommands(program: Command): void {
  const symbol = groupCommand(program, 'symbol', 'symbols of a cluster: which engine has them');
  clientCommand(symbol, 'move', 'move the book of a symbol to an engine, while it trades; it stays there')
    .argument('<symbol>', 'Symbol (55)')
    .requiredOption('--to <node>', 'name of the engine; none: wherever it falls, as if it had not been moved')
    .addOption(waitOption('how long to wait for it at most; 0: not at all', DEFAULT_WAIT_MS))
    .action(moveSymbol);
}

async function moveSymbol(symbol: string, flags: MoveFlags): Promise<void> {
  const client = await connect(flags);
  const node = orNone(flags.to) ?? null;
  const since = monotonicMs();
  const before = ownerIn(await client.post('/v1/placement', { symbols: [symbol], node }));
  if (node === null) {
    const where = before.owner === null ? 'nobody has it' : `it is on ${before.owner}`;
    showSentence(
      flags,
      { symbol, ...before },
      `no operator places ${symbol} any more; ${where}, and goes where the configuration places it, if it does`,
    );
    return;
  }
  if (before.owner === node) {
    const text = `${symbol} is on ${node} already, under epoch ${before.epoch}; it stays there`;
    showSentence(flags, { symbol, ...before, placedOn: node }, text);
    return;
  }
  const arrived = await lookUntil(flags.wait, async () => {
    const now = await ownerOf(client, symbol);
    return now.owner === node ? now : undefined;
  });
  if (arrived !== undefined) {
    const tookMs = Math.round(monotonicMs() - since);
    const text = `${symbol} is on ${node} after ${tookText(tookMs)}, under epoch ${arrived.epoch}`;
    showSentence(flags, { symbol, ...arrived, tookMs }, text);
    return;
  }
  const where = before.owner === null ? 'nobody has it' : `it was on ${before.owner}`;
  const text = `${symbol} is to move to ${node}; ${where}`;
  if (flags.wait > 0) {
    throw new CliFailure(
      EXIT.refused,
      `${text}, and has not arrived after ${tookText(flags.wait)}; it moves as soon as ${node} can take it and has run ` +
        'for 10 s: "onebook status" shows it',
    );
  }
  showSentence(flags, { symbol, ...before, placedOn: node }, text);
}

async function ownerOf(client: AdminClient, symbol: string): Promise<OwnerStatus> {
  return ownerIn(await client.get(`/v1/owners${queryOf({ symbols: symbol })}`));
}

/** The only symbol of the answer. */
function ownerIn(body: Body): OwnerStatus {
  const { symbols } = body as { readonly symbols?: readonly OwnerStatus[] };
  const [owner] = symbols ?? [];
  if (owner === undefined) throw new CliFailure(EXIT.refused, 'the node does not say who has the symbol');
  return owner;
}
