/** Runs the client process on a plan, and says when its measuring begins and ends. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientMessage, ClientPlan, ClientResult } from './client-plan.ts';

const CLIENT = fileURLToPath(new URL('../order-client.ts', import.meta.url));

/** What is read at the edges of the measured time. */
export interface ClientObserver {
  onBegun(clientPid: number): Promise<void>;
  onEnded(clientPid: number): Promise<void>;
}

/** Rejects when the client says that the run is void, or ends without a result. */
export function runClient(plan: ClientPlan, observer: ClientObserver): Promise<ClientResult> {
  const child = fork(CLIENT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let observed: Promise<void> = Promise.resolve();
  return new Promise((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      child.kill();
      reject(reason);
    };
    child.on('message', (message: ClientMessage) => {
      const pid = child.pid ?? 0;
      switch (message.type) {
        case 'MeasureBegun':
          observed = observer.onBegun(pid);
          observed.catch(giveUp);
          return;
        case 'MeasureEnded':
          observed = observed.then(() => observer.onEnded(pid));
          observed.catch(giveUp);
          return;
        case 'Finished':
          observed.then(() => resolve(message.result), reject);
          return;
        case 'Failed':
          giveUp(new Error(message.reason));
          return;
      }
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error(`the client ended with ${code}`));
    });
    child.send(plan);
  });
}
