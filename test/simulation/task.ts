/**
 * A promise without the microtask queue: who waits is called in the moment in which it is settled, so that the order
 * of everything is the scheduler's. What a callback throws comes out where the task is settled.
 */

type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

export class Task<Value> implements Promise<Value> {
  readonly [Symbol.toStringTag] = 'Task';
  #outcome: Outcome<Value> | undefined;
  #waiting: ((outcome: Outcome<Value>) => void)[] = [];

  resolve(value: Value): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  /** As of a promise, but callbacks run at once, and a task that they return is not waited for. */
  // biome-ignore lint/suspicious/noThenProperty: it stands for a promise.
  then<Kept = Value, Failed = never>(
    onValue?: ((value: Value) => Kept | PromiseLike<Kept>) | null,
    onError?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Kept | Failed> {
    const next = new Task<Kept | Failed>();
    const pass = (outcome: Outcome<Value>): void => {
      if ('value' in outcome) {
        next.resolve((onValue ? onValue(outcome.value) : outcome.value) as Kept);
      } else if (onError) {
        next.resolve(onError(outcome.error) as Failed);
      } else {
        next.reject(outcome.error);
      }
    };
    if (this.#outcome === undefined) this.#waiting.push(pass);
    else pass(this.#outcome);
    return next;
  }

  catch<Failed = never>(
    onError?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Value | Failed> {
    return this.then(undefined, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<Value> {
    return this.then(
      (value) => {
        onEnd?.();
        return value;
      },
      (error: unknown) => {
        onEnd?.();
        throw error;
      },
    );
  }

  #settle(outcome: Outcome<Value>): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    for (const pass of this.#waiting.splice(0)) pass(outcome);
  }
}
