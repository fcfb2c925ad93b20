/** The client processes of the overload benchmark, as the parent sees them: what is told and what is answered. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientOrder, ClientWord, Offer, PhaseFigures } from './overload-plan.ts';

const CLIENT = fileURLToPath(new URL('../overload-client.ts', import.meta.url));

/** One client process. Every call rejects when the process says that the run is void, or ends. */
export class OverloadProcess {
  readonly #child: ChildProcess;
  readonly #failed: Promise<never>;

  constructor() {
    this.#child = fork(CLIENT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#failed = new Promise((_, reject) => {
      this.#child.on('message', (word: ClientWord) => {
        if (word.type === 'Failed') reject(new Error(word.reason));
      });
      this.#child.once('exit', (code) => reject(new Error(`a client ended with ${code}`)));
    });
    // Nobody may be waiting when it happens.
    this.#failed.catch(() => {});
  }

  async logOn(terms: Omit<ClientOrder & { readonly type: 'LogOn' }, 'type'>): Promise<void> {
    await this.#ask({ type: 'LogOn', ...terms }, 'LoggedOn');
  }

  /** Begins the next phase; resolves with the figures of the one before. */
  async begin(offer: Offer): Promise<PhaseFigures> {
    return (await this.#ask({ type: 'Begin', offer }, 'Began')).before;
  }

  /** Resolves with the count of requests that nothing answered for long: 0 when all are answered. */
  async untilAnswered(): Promise<number> {
    return (await this.#ask({ type: 'AwaitAnswers' }, 'Answered')).unanswered;
  }

  end(): void {
    this.#child.kill();
  }

  #ask<Type extends ClientWord['type']>(
    order: ClientOrder,
    type: Type,
  ): Promise<ClientWord & { readonly type: Type }> {
    const answered = new Promise<ClientWord & { readonly type: Type }>((resolve) => {
      const listen = (word: ClientWord): void => {
        if (word.type !== type) return;
        this.#child.off('message', listen);
        resolve(word as ClientWord & { readonly type: Type });
      };
      this.#child.on('message', listen);
    });
    this.#child.send(order);
    return Promise.race([answered, this.#failed]);
  }
}
