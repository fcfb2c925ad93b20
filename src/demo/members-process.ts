/** Starts the members' process and hands on what it tells. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemberEvent, TradeOrder } from './protocol.ts';

/** Beside this file, and as TypeScript or JavaScript as it is. */
const ENTRY = fileURLToPath(new URL(`./members${extname(import.meta.url)}`, import.meta.url));

/**
 * Trades in a process of its own. Resolves with undefined when it has ended well, else with how it ended. Aborting
 * `signal` ends it at once.
 */
export function runMembers(
  order: TradeOrder,
  onEvent: (event: MemberEvent) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = fork(ENTRY, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let isDone = false;
    let errors = '';
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      errors += text;
    });
    child.on('message', (event: MemberEvent) => {
      if (event.type === 'TradingEnded') isDone = true;
      else onEvent(event);
    });
    const stop = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', stop);
    const finish = (ending: string): void => {
      signal.removeEventListener('abort', stop);
      const reason = errors.trim().split('\n')[0];
      resolve(isDone ? undefined : `the members' process ${ending}${reason ? `: ${reason}` : ''}`);
    };
    child.on('error', (error) => finish(`cannot be started: ${error.message}`));
    child.on('close', (code, signalName) => finish(`ended with ${signalName ?? `exit code ${code}`}`));
    if (signal.aborted) stop();
    else child.send(order);
  });
}
